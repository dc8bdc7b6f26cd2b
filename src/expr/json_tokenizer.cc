// SPDX-License-Identifier: Apache-2.0
#include "expr/json_tokenizer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "expr/characters.h"

namespace sluice {
namespace {

constexpr int64_t kMostNameLength = 50'000;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What may stand in a Java identifier; all that is not ASCII is taken for a letter.
bool IsIdentifier(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80 ||
         static_cast<unsigned char>(c) <= 8 || (c >= 0x0E && c <= 0x1B) || c == 0x7F;
}

// What may stand in a name without quotes.
bool IsNameCharacter(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7F && (IsIdentifier(c) || std::strchr("@#*-+", c) != nullptr);
}

// Bytes at which the copying of a string stops.
std::array<bool, 256> StopBytes(char quote) {
  std::array<bool, 256> stops{};
  for (size_t c = 0; c < 0x20; ++c) stops[c] = true;
  stops['\\'] = true;
  stops[static_cast<unsigned char>(quote)] = true;
  return stops;
}

}  // namespace

std::string WithoutHalves(std::string_view text) {
  std::string without;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool half = text[i] == '\xED' && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xA0;
    without += half ? '?' : text[i];
    if (half) i += 2;
  }
  return without;
}

void JsonTokenizer::Reset(std::string_view text) {
  text_ = text;
  at_ = 0;
  token_ = JsonToken::kNone;
  next_ = JsonToken::kNone;
  unread_string_ = false;
  is_word_ = false;
  lone_surrogate_ = false;
  value_ = {};
  kept_used_ = 0;
  contexts_.clear();
  contexts_.push_back({Context::kRoot});
}

std::string_view JsonTokenizer::Keep(std::string_view text) {
  if (kept_used_ == kept_.size()) kept_.emplace_back();
  std::string& kept = kept_[kept_used_++];
  kept.assign(text);
  return kept;
}

std::optional<std::string_view> JsonTokenizer::name() const {
  size_t at = contexts_.size() - 1;
  if ((token_ == JsonToken::kObjectStart || token_ == JsonToken::kArrayStart) && at > 0) --at;
  return contexts_[at].named ? std::optional<std::string_view>(contexts_[at].name) : std::nullopt;
}

bool JsonTokenizer::Begin(Context::Kind kind) {
  if (static_cast<int64_t>(contexts_.size()) > syntax_.most_depth) return false;
  contexts_.push_back({kind});
  return true;
}

bool JsonTokenizer::SkipComment() {
  if (!syntax_.comments || at_ + 1 >= text_.size()) return false;
  if (text_[at_ + 1] == '/') {
    at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    return true;
  }
  const size_t end = text_[at_ + 1] == '*' ? text_.find("*/", at_ + 2) : std::string_view::npos;
  if (end == std::string_view::npos) {
    at_ = text_.size();
    return false;
  }
  at_ = end + 2;
  return true;
}

// False for what cannot stand between tokens.
bool JsonTokenizer::SkipBlanks() {
  while (at_ < text_.size()) {
    if (text_[at_] == '/') {
      if (!SkipComment()) {
        ++at_;
        return false;
      }
    } else if (IsBlank(text_[at_])) {
      ++at_;
    } else if (static_cast<unsigned char>(text_[at_]) < ' ') {
      ++at_;
      return false;
    } else {
      break;
    }
  }
  return true;
}

// The next character that is no blank; false at the end too.
bool JsonTokenizer::Peek(char* c) {
  if (!SkipBlanks() || at_ >= text_.size()) return false;
  *c = text_[at_];
  return true;
}

bool JsonTokenizer::Close(char c) {
  ++at_;
  if (contexts_.back().kind != (c == ']' ? Context::kArray : Context::kObject)) return false;
  contexts_.pop_back();
  token_ = c == ']' ? JsonToken::kArrayEnd : JsonToken::kObjectEnd;
  return true;
}

bool JsonTokenizer::Next() {
  if (token_ == JsonToken::kName) {
    const JsonToken token = next_;
    next_ = JsonToken::kNone;
    if (token == JsonToken::kObjectStart && !Begin(Context::kObject)) return false;
    if (token == JsonToken::kArrayStart && !Begin(Context::kArray)) return false;
    token_ = token;
    return true;
  }
  if (unread_string_) {
    unread_string_ = false;
    if (!PassString()) return false;
  }
  if (!SkipBlanks()) return false;
  if (at_ >= text_.size()) {
    if (contexts_.size() > 1) return false;
    token_ = JsonToken::kNone;
    return true;
  }
  char c = text_[at_];
  if (c == ']' || c == '}') return Close(c);
  const bool in_object = contexts_.back().kind == Context::kObject;
  if (++contexts_.back().index > 0 && contexts_.back().kind != Context::kRoot) {
    ++at_;
    if (c != ',' || !Peek(&c)) return false;
  }
  JsonToken token = JsonToken::kNone;
  if (!in_object) {
    if (!ReadValueStart(&token)) return false;
    if (token == JsonToken::kObjectStart && !Begin(Context::kObject)) return false;
    if (token == JsonToken::kArrayStart && !Begin(Context::kArray)) return false;
    token_ = token;
    return true;
  }
  if (!ReadName()) return false;
  token_ = JsonToken::kName;
  if (!Peek(&c)) return false;
  ++at_;
  if (c != ':' || !Peek(&c) || !ReadValueStart(&token)) return false;
  next_ = token;
  return true;
}

bool JsonTokenizer::ReadName() {
  const char quote = text_[at_];
  if (quote != '"' && (quote != '\'' || !syntax_.single_quotes)) return ReadUnquotedName();
  ++at_;
  std::string_view name;
  if (!ReadString(quote, &name, kMostNameLength)) return false;
  if (lone_surrogate_) name = Keep(WithoutHalves(name));
  contexts_.back().name = name;
  contexts_.back().named = true;
  return true;
}

bool JsonTokenizer::ReadUnquotedName() {
  const char first = text_[at_];
  if (!syntax_.unquoted_names || !IsNameCharacter(first)) {
    ++at_;
    return false;
  }
  const size_t begin = at_;
  while (at_ < text_.size() && IsNameCharacter(text_[at_])) ++at_;
  if (static_cast<int64_t>(at_ - begin) > kMostNameLength) return false;
  contexts_.back().name = text_.substr(begin, at_ - begin);
  contexts_.back().named = true;
  return true;
}

bool JsonTokenizer::ReadValueStart(JsonToken* token) {
  is_word_ = false;
  value_begin_ = at_;
  const char c = text_[at_];
  switch (c) {
    case '"':
      ++at_;
      unread_string_ = true;
      *token = JsonToken::kString;
      return true;
    case '[':
      ++at_;
      *token = JsonToken::kArrayStart;
      return true;
    case '{':
      ++at_;
      *token = JsonToken::kObjectStart;
      return true;
    case 't':
      *token = JsonToken::kTrue;
      return ReadWord("true", 1);
    case 'f':
      *token = JsonToken::kFalse;
      return ReadWord("false", 1);
    case 'n':
      *token = JsonToken::kNull;
      return ReadWord("null", 1);
    case '-':
      ++at_;
      if (at_ < text_.size() && !IsDigit(text_[at_])) return ReadSignedWord(true, token);
      return ReadNumber(true, token);
    default:
      return IsDigit(c) ? ReadNumber(false, token) : ReadOddValue(token);
  }
}

// `matched` characters of the word stand at the reader's place.
bool JsonTokenizer::ReadWord(std::string_view word, size_t matched) {
  at_ += matched;
  bool good = true;
  for (size_t i = matched; good && i < word.size(); ++i) {
    good = at_ < text_.size() && text_[at_] == word[i];
    if (good) ++at_;
  }
  good = good && (at_ >= text_.size() || text_[at_] < '0' || !IsIdentifier(text_[at_]));
  while (!good && at_ < text_.size() && IsIdentifier(text_[at_])) ++at_;
  return good;
}

bool JsonTokenizer::ReadOddValue(JsonToken* token) {
  const char c = text_[at_];
  if (c == '\'' && syntax_.single_quotes) {
    ++at_;
    *token = JsonToken::kString;
    return ReadString('\'', &value_, syntax_.most_string_length);
  }
  if (c == 'N' || c == 'I') {
    const std::string_view word = c == 'N' ? "NaN" : "Infinity";
    *token = JsonToken::kFloat;
    is_word_ = true;
    value_ = word;
    return ReadWord(word, 1) && syntax_.non_numeric_numbers;
  }
  ++at_;
  if (c == '+') return ReadSignedWord(false, token);
  while (IsIdentifier(c) && at_ < text_.size() && IsIdentifier(text_[at_])) ++at_;
  return false;
}

// What stands behind a sign and is no digit: INF or Infinity.
bool JsonTokenizer::ReadSignedWord(bool negative, JsonToken* token) {
  const std::string_view rest = text_.substr(at_);
  const std::string_view word = rest.starts_with("IN") ? "INF" : "Infinity";
  if (!rest.starts_with(word.substr(0, 2))) {
    if (at_ < text_.size()) ++at_;
    return false;
  }
  *token = JsonToken::kFloat;
  is_word_ = true;
  value_ = negative ? "-Infinity" : "Infinity";
  return ReadWord(word, 2) && syntax_.non_numeric_numbers;
}

// The reader stands at the first digit.
bool JsonTokenizer::ReadNumber(bool negative, JsonToken* token) {
  const auto digits = [this] {
    const size_t begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ > begin;
  };
  size_t begin = at_;
  if (!digits()) return false;
  if (text_[begin] == '0' && at_ > begin + 1) {
    if (!syntax_.leading_zeros) {
      at_ = begin + 1;
      return false;
    }
    while (begin + 1 < at_ && text_[begin] == '0') ++begin;
  }
  *token = JsonToken::kInteger;
  const auto is_next = [this](char a, char b) { return at_ < text_.size() && (text_[at_] == a || text_[at_] == b); };
  if (is_next('.', '.')) {
    *token = JsonToken::kFloat;
    ++at_;
    if (!digits()) return false;
  }
  if (is_next('e', 'E')) {
    *token = JsonToken::kFloat;
    ++at_;
    if (is_next('+', '-')) ++at_;
    if (!digits()) return false;
  }
  value_ = text_.substr(begin, at_ - begin);
  if (static_cast<int64_t>(value_.size()) > syntax_.most_number_length) return false;
  if (negative)
    value_ = text_[begin - 1] == '-' ? text_.substr(begin - 1, at_ - begin + 1) : Keep("-" + std::string(value_));
  // At the root a number ends with a blank.
  return contexts_.back().kind != Context::kRoot || at_ >= text_.size() || IsBlank(text_[at_]);
}

bool JsonTokenizer::ReadHex(uint32_t* out) {
  *out = 0;
  for (int i = 0; i < 4; ++i) {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    const int digit = IsDigit(c)             ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    *out = *out * 16 + static_cast<uint32_t>(digit);
  }
  return true;
}

// Behind a backslash.
bool JsonTokenizer::ReadEscape(std::string* out) {
  if (at_ >= text_.size()) return false;
  const char c = text_[at_++];
  constexpr std::string_view kLetters = "btnfr";
  constexpr std::string_view kMeanings = "\b\t\n\f\r";
  if (const size_t i = kLetters.find(c); i != std::string_view::npos) {
    *out += kMeanings[i];
    return true;
  }
  if (c != 'u') {
    *out += c;
    return c == '"' || c == '\\' || c == '/' || syntax_.any_escape || (c == '\'' && syntax_.single_quotes);
  }
  uint32_t unit = 0;
  if (!ReadHex(&unit)) return false;
  if (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
    const size_t before = at_;
    at_ += 2;
    uint32_t low = 0;
    if (!ReadHex(&low)) return false;
    if (low >= 0xDC00 && low <= 0xDFFF) {
      AppendCodePoint(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), out);
      return true;
    }
    at_ = before;
  }
  if (unit >= 0xD800 && unit <= 0xDFFF) {
    lone_surrogate_ = true;
    *out += '\xED';
    *out += static_cast<char>(0x80 | ((unit >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (unit & 0x3F));
  } else {
    AppendCodePoint(unit, out);
  }
  return true;
}

// Behind the opening quote.
bool JsonTokenizer::ReadString(char quote, std::string_view* out, int64_t most) {
  static const std::array<bool, 256> kDouble = StopBytes('"');
  static const std::array<bool, 256> kSingle = StopBytes('\'');
  const auto& stops = quote == '"' ? kDouble : kSingle;
  lone_surrogate_ = false;
  bool decoded = false;
  for (size_t begin = at_;; begin = at_) {
    while (at_ < text_.size() && !stops[static_cast<unsigned char>(text_[at_])]) ++at_;
    const std::string_view part = text_.substr(begin, at_ - begin);
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (c == quote && !decoded) {
      *out = part;
      return static_cast<int64_t>(part.size()) <= most;
    }
    if (!decoded) scratch_.clear();
    decoded = true;
    scratch_ += part;
    if (c == quote) break;
    if (c == '\\') {
      if (!ReadEscape(&scratch_)) return false;
    } else {
      if (!syntax_.control_characters) return false;
      scratch_ += c;
    }
  }
  *out = Keep(scratch_);
  return static_cast<int64_t>(out->size()) <= most;
}

// Goes behind a string that nobody wants.
bool JsonTokenizer::PassString() {
  const bool lone_surrogate = lone_surrogate_;
  std::string_view ignored;
  const size_t kept = kept_used_;
  const bool good = ReadString('"', &ignored, INT64_MAX);
  kept_used_ = kept;
  lone_surrogate_ = lone_surrogate;
  return good;
}

bool JsonTokenizer::Text(std::string_view* out) {
  if (token_ == JsonToken::kName) {
    *out = contexts_.back().name;
    return true;
  }
  if (token_ == JsonToken::kString && unread_string_) {
    unread_string_ = false;
    if (!ReadString('"', &value_, syntax_.most_string_length)) {
      value_ = {};
      return false;
    }
  }
  *out = value_;
  return true;
}

bool JsonTokenizer::SkipChildren() {
  if (token_ != JsonToken::kObjectStart && token_ != JsonToken::kArrayStart) return true;
  for (int64_t open = 1; open > 0;) {
    if (!Next() || token_ == JsonToken::kNone) return false;
    if (token_ == JsonToken::kObjectStart || token_ == JsonToken::kArrayStart) ++open;
    if (token_ == JsonToken::kObjectEnd || token_ == JsonToken::kArrayEnd) --open;
  }
  return true;
}

}  // namespace sluice
