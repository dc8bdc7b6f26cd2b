// SPDX-License-Identifier: Apache-2.0
#include "expr/json_value.h"

#include <fmt/format.h>

#include "expr/characters.h"
#include "types/number_text.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

constexpr int kMostDepth = 1000;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool Value(JsonValue* out) {
    SkipBlanks();
    if (at_ >= text_.size() || ++depth_ > kMostDepth) return false;
    bool good = false;
    switch (text_[at_]) {
      case '{':
        good = Object(out);
        break;
      case '[':
        good = Array(out);
        break;
      case '"':
        out->kind = JsonValue::kString;
        good = String(&out->text);
        break;
      case 't':
        good = Word("true", JsonValue::kTrue, out);
        break;
      case 'f':
        good = Word("false", JsonValue::kFalse, out);
        break;
      case 'n':
        good = Word("null", JsonValue::kNull, out);
        break;
      default:
        good = Number(out);
    }
    --depth_;
    return good;
  }

  bool AtEnd() {
    SkipBlanks();
    return at_ == text_.size();
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  bool Take(char c) {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool Word(std::string_view word, JsonValue::Kind kind, JsonValue* out) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    out->kind = kind;
    return true;
  }

  bool Digits() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ > begin;
  }

  bool Number(JsonValue* out) {
    const size_t begin = at_;
    if (text_[at_] == '-') ++at_;
    const size_t digits = at_;
    if (!Digits() || (text_[digits] == '0' && at_ > digits + 1)) return false;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      if (!Digits()) return false;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!Digits()) return false;
    }
    out->kind = JsonValue::kNumber;
    out->text = text_.substr(begin, at_ - begin);
    return true;
  }

  bool Hex(uint32_t* out) {
    if (at_ + 4 > text_.size()) return false;
    *out = 0;
    for (int i = 0; i < 4; ++i) {
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

  bool Escape(std::string* out) {
    const char c = text_[at_++];
    switch (c) {
      case 'n':
        *out += '\n';
        return true;
      case 't':
        *out += '\t';
        return true;
      case 'r':
        *out += '\r';
        return true;
      case 'b':
        *out += '\b';
        return true;
      case 'f':
        *out += '\f';
        return true;
      case '"':
      case '\\':
      case '/':
        *out += c;
        return true;
      case 'u':
        break;
      default:
        return false;
    }
    uint32_t unit = 0;
    if (!Hex(&unit)) return false;
    if (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
      at_ += 2;
      uint32_t low = 0;
      if (!Hex(&low) || low < 0xDC00 || low > 0xDFFF) return false;
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    AppendCodePoint(unit, out);
    return true;
  }

  bool String(std::string* out) {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        *out += c;
        continue;
      }
      if (++at_ >= text_.size() || !Escape(out)) return false;
      --at_;
    }
    return false;
  }

  bool Array(JsonValue* out) {
    out->kind = JsonValue::kArray;
    ++at_;
    if (Take(']')) return true;
    do {
      if (!Value(&out->items.emplace_back())) return false;
    } while (Take(','));
    return Take(']');
  }

  bool Object(JsonValue* out) {
    out->kind = JsonValue::kObject;
    ++at_;
    if (Take('}')) return true;
    do {
      SkipBlanks();
      auto& member = out->members.emplace_back();
      if (at_ >= text_.size() || text_[at_] != '"' || !String(&member.first) || !Take(':') || !Value(&member.second))
        return false;
    } while (Take(','));
    return Take('}');
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

JsonValue::JsonValue() = default;
JsonValue::~JsonValue() = default;
JsonValue::JsonValue(const JsonValue&) = default;
JsonValue::JsonValue(JsonValue&&) noexcept = default;
JsonValue& JsonValue::operator=(const JsonValue&) = default;
JsonValue& JsonValue::operator=(JsonValue&&) noexcept = default;

const JsonValue* JsonValue::Find(std::string_view name) const {
  for (const auto& member : members) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

std::optional<JsonValue> ParseJson(std::string_view text, bool whole) {
  Parser parser(text);
  JsonValue value;
  if (!parser.Value(&value) || (whole && !parser.AtEnd())) return std::nullopt;
  return value;
}

void AppendJsonString(std::string_view text, std::string* out) {
  if (!IsUtf8(text)) {
    std::string repaired;
    AppendRepaired(text, &repaired);
    AppendJsonString(repaired, out);
    return;
  }
  *out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\t':
        *out += "\\t";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\b':
        *out += "\\b";
        break;
      case '\f':
        *out += "\\f";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          *out += fmt::format("\\u{:04X}", static_cast<int>(c));
        } else {
          *out += c;
        }
    }
  }
  *out += '"';
}

void AppendJson(const JsonValue& value, std::string* out) {
  switch (value.kind) {
    case JsonValue::kNull:
      *out += "null";
      break;
    case JsonValue::kTrue:
      *out += "true";
      break;
    case JsonValue::kFalse:
      *out += "false";
      break;
    case JsonValue::kNumber:
      // Numbers with a point or an exponent are doubles on the way through.
      if (const auto number =
              value.text.find_first_of(".eE") == std::string::npos ? std::nullopt : ParseDouble(value.text)) {
        AppendDouble(*number, out);
      } else {
        *out += value.text;
      }
      break;
    case JsonValue::kString:
      AppendJsonString(value.text, out);
      break;
    case JsonValue::kArray:
      *out += '[';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) *out += ',';
        AppendJson(value.items[i], out);
      }
      *out += ']';
      break;
    case JsonValue::kObject:
      *out += '{';
      for (size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) *out += ',';
        AppendJsonString(value.members[i].first, out);
        *out += ':';
        AppendJson(value.members[i].second, out);
      }
      *out += '}';
  }
}

}  // namespace sluice
