// SPDX-License-Identifier: Apache-2.0
#include "expr/json_path.h"

#include <cstring>

#include "expr/json_generator.h"

namespace sluice {
namespace {

using Step = JsonPath::Step;

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Reads the steps of a path. Blanks are skipped where Spark's grammar has a word or a pattern, and not before its
// single characters: "$. a" and "$[ 0]" are paths, "$ .a" and "$[0 ]" are none.
class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  std::optional<std::vector<Step>> Parse() {
    if (!Take('$')) return std::nullopt;
    while (ReadWildcard() || ReadName() || ReadSubscript()) continue;
    SkipBlanks();
    if (at_ < text_.size()) return std::nullopt;
    return std::move(steps_);
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool TakeWord(std::string_view word) {
    const size_t before = at_;
    SkipBlanks();
    if (text_.substr(at_).starts_with(word)) {
      at_ += word.size();
      return true;
    }
    at_ = before;
    return false;
  }

  // At least one character that is none of `stops`.
  bool TakeUntil(const char* stops, std::string* out) {
    SkipBlanks();
    const size_t begin = at_;
    while (at_ < text_.size() && std::strchr(stops, text_[at_]) == nullptr) ++at_;
    *out = text_.substr(begin, at_ - begin);
    return at_ > begin;
  }

  bool ReadWildcard() {
    if (!TakeWord(".*") && !TakeWord("['*']")) return false;
    steps_.push_back({Step::kWildcard});
    return true;
  }

  bool ReadName() {
    const size_t before = at_;
    Step name{Step::kName};
    bool good = Take('.') && TakeUntil(".[", &name.name);
    if (!good) {
      at_ = before;
      good = TakeWord("['") && TakeUntil("'", &name.name) && TakeWord("']");
    }
    if (!good) {
      at_ = before;
      return false;
    }
    steps_.push_back({Step::kKey});
    steps_.push_back(std::move(name));
    return true;
  }

  bool ReadSubscript() {
    const size_t before = at_;
    Step inside{Step::kWildcard};
    bool good = Take('[');
    if (good && !Take('*')) {
      SkipBlanks();
      inside.kind = Step::kIndex;
      const size_t begin = at_;
      while (good && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
        good = !__builtin_mul_overflow(inside.index, 10, &inside.index) &&
               !__builtin_add_overflow(inside.index, text_[at_] - '0', &inside.index);
        ++at_;
      }
      good = good && at_ > begin;
    }
    if (!good || !Take(']')) {
      at_ = before;
      return false;
    }
    steps_.push_back({Step::kSubscript});
    steps_.push_back(std::move(inside));
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<Step> steps_;
};

// How found values are written.
enum class Style {
  kRaw,      // strings without quotes
  kQuoted,   // as JSON, inside an array
  kFlatten,  // as kQuoted; arrays give their elements to the array around them
};

// Follows a path along the tokens. Recursive: the tokenizer bounds the depth.
class PathWalker {
 public:
  PathWalker(const std::vector<Step>& steps, JsonTokenizer* tokenizer) : steps_(steps), tokenizer_(tokenizer) {}

  // Whether something was written. The tokenizer ends at the last token of the value at which it began.
  bool Walk(JsonGenerator* out, Style style, size_t at) {
    if (at == steps_.size()) return WriteFound(out, style);
    const JsonToken token = tokenizer_->token();
    const Step& step = steps_[at];
    if (token == JsonToken::kObjectStart && step.kind == Step::kKey) return WalkObject(out, style, at + 1);
    if (token == JsonToken::kArrayStart && step.kind == Step::kSubscript) {
      if (steps_[at + 1].kind == Step::kIndex) return WalkElement(out, style, at + 1);
      return WalkArray(out, style, at);
    }
    std::string_view name;
    if (token == JsonToken::kName && step.kind == Step::kName && tokenizer_->Text(&name) && name == step.name) {
      if (!Next() || tokenizer_->token() == JsonToken::kNull) return false;
      return Walk(out, style, at + 1);
    }
    failed_ |= !tokenizer_->SkipChildren();
    return false;
  }

  bool failed() const { return failed_; }

 private:
  bool Next() {
    failed_ |= failed_ || !tokenizer_->Next();
    return !failed_;
  }
  // Whether there is another element or member before the end.
  bool NextBefore(JsonToken end) { return Next() && tokenizer_->token() != end; }

  bool WriteFound(JsonGenerator* out, Style style) {
    if (tokenizer_->token() == JsonToken::kString && style == Style::kRaw) {
      std::string_view text;
      if (!tokenizer_->Text(&text) || tokenizer_->has_lone_surrogate()) {
        failed_ = true;
        return false;
      }
      out->Raw(text);
      return true;
    }
    if (tokenizer_->token() == JsonToken::kArrayStart && style == Style::kFlatten) {
      bool found = false;
      while (NextBefore(JsonToken::kArrayEnd)) found |= Walk(out, style, steps_.size());
      return found;
    }
    failed_ |= !out->Copy(tokenizer_);
    return !failed_;
  }

  // Of several members that match only the first one counts.
  bool WalkObject(JsonGenerator* out, Style style, size_t at) {
    bool found = false;
    while (NextBefore(JsonToken::kObjectEnd)) {
      if (found) {
        failed_ |= !tokenizer_->SkipChildren();
      } else {
        found = Walk(out, style, at);
      }
    }
    return found;
  }

  // steps_[at] is the index.
  bool WalkElement(JsonGenerator* out, Style style, size_t at) {
    if (!Next()) return false;
    for (int64_t i = 0; tokenizer_->token() != JsonToken::kArrayEnd; ++i) {
      if (i < steps_[at].index) {
        failed_ |= !tokenizer_->SkipChildren();
        if (!Next()) return false;
        continue;
      }
      const bool wild =
          at + 2 < steps_.size() && steps_[at + 1].kind == Step::kSubscript && steps_[at + 2].kind == Step::kWildcard;
      const bool found = Walk(out, wild ? Style::kQuoted : style, at + 1);
      while (NextBefore(JsonToken::kArrayEnd)) failed_ |= !tokenizer_->SkipChildren();
      return found;
    }
    return false;
  }

  // steps_[at] and the one behind it are [*].
  bool WalkArray(JsonGenerator* out, Style style, size_t at) {
    const bool twice =
        at + 3 < steps_.size() && steps_[at + 2].kind == Step::kSubscript && steps_[at + 3].kind == Step::kWildcard;
    if (twice || style == Style::kQuoted) {
      bool found = false;
      out->Begin('[');
      while (NextBefore(JsonToken::kArrayEnd))
        found |= twice ? Walk(out, Style::kFlatten, at + 4) : Walk(out, Style::kQuoted, at + 2);
      out->End(']');
      return found;
    }
    // Written aside: a single value stands without the array.
    std::string elements;
    JsonGenerator inner(&elements, false);
    int64_t found = 0;
    inner.Begin('[');
    while (NextBefore(JsonToken::kArrayEnd))
      found += Walk(&inner, style == Style::kRaw ? Style::kQuoted : style, at + 2) ? 1 : 0;
    inner.End(']');
    if (found > 1) out->Value(elements);
    if (found == 1) out->Value(std::string_view(elements).substr(1, elements.size() - 2));
    return found > 0;
  }

  const std::vector<Step>& steps_;
  JsonTokenizer* tokenizer_;
  bool failed_ = false;
};

}  // namespace

JsonSyntax JsonPathSyntax() {
  JsonSyntax syntax;
  syntax.control_characters = true;
  syntax.non_numeric_numbers = false;
  return syntax;
}

std::optional<JsonPath> JsonPath::Parse(std::string_view text) {
  auto steps = PathParser(text).Parse();
  if (!steps) return std::nullopt;
  JsonPath path;
  path.steps_ = std::move(*steps);
  return path;
}

bool JsonPath::Find(std::string_view json, JsonTokenizer* tokenizer, std::string* out) const {
  tokenizer->Reset(json);
  if (!tokenizer->Next()) return false;
  PathWalker walker(steps_, tokenizer);
  JsonGenerator generator(out, true);
  return walker.Walk(&generator, Style::kRaw, 0) && !walker.failed();
}

}  // namespace sluice
