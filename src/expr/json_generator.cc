// SPDX-License-Identifier: Apache-2.0
#include "expr/json_generator.h"

#include <fmt/format.h>

#include <cmath>

#include "expr/characters.h"
#include "types/number_text.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

void AppendUnit(uint32_t unit, std::string* out) {
  *out += fmt::format("\\u{:04X}", unit);
}

// Half of a surrogate pair, as JsonTokenizer leaves it in a text.
bool IsHalfOfPair(std::string_view text) {
  return text.size() > 2 && text[0] == '\xED' && static_cast<unsigned char>(text[1]) >= 0xA0;
}

void AppendEscaped(char c, std::string* out) {
  constexpr std::string_view kSpecial = "\"\\\n\t\r\b\f";
  constexpr std::string_view kLetters = "\"\\ntrbf";
  if (const size_t i = kSpecial.find(c); i != std::string_view::npos) {
    *out += '\\';
    *out += kLetters[i];
  } else {
    AppendUnit(static_cast<unsigned char>(c), out);
  }
}

void AppendCodePoints(std::string_view character, std::string* out) {
  const uint32_t code = FirstCodePoint(character);
  if (code < 0x10000) {
    AppendUnit(code, out);
    return;
  }
  AppendUnit(0xD800 + ((code - 0x10000) >> 10), out);
  AppendUnit(0xDC00 + ((code - 0x10000) & 0x3FF), out);
}

// `text` is UTF-8, but may have halves of surrogate pairs, which are written as escapes.
void AppendEscapedText(std::string_view text, JsonEscapes escapes, std::string* out) {
  const unsigned wide = escapes == JsonEscapes::kBeyondAscii ? 0x80 : escapes == JsonEscapes::kNone ? 0x100 : 0xF0;
  size_t plain = 0;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool half = IsHalfOfPair(text.substr(i));
    if (c >= 0x20 && c != '"' && c != '\\' && c < wide && !half) {
      ++i;
      continue;
    }
    *out += text.substr(plain, i - plain);
    if (half) {
      AppendUnit(0xD000 + ((static_cast<unsigned char>(text[i + 1]) & 0x3FU) << 6) +
                     (static_cast<unsigned char>(text[i + 2]) & 0x3FU),
                 out);
      i += 3;
    } else if (c >= 0x80) {
      AppendCodePoints(text.substr(i, CharacterSize(c)), out);
      i += CharacterSize(c);
    } else {
      AppendEscaped(text[i++], out);
    }
    plain = i;
  }
  *out += text.substr(plain);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out, JsonEscapes escapes) {
  if (!IsUtf8(text)) {
    std::string repaired;
    AppendRepaired(text, &repaired);
    AppendJsonString(repaired, out, escapes);
    return;
  }
  *out += '"';
  AppendEscapedText(text, escapes, out);
  *out += '"';
}

void JsonGenerator::Separate() {
  Level& level = levels_.back();
  if (level.values++ > 0) {
    if (level.in_array) *out_ += ',';
    if (levels_.size() == 1) *out_ += ' ';
  }
}

void JsonGenerator::Begin(char bracket) {
  Separate();
  *out_ += bracket;
  levels_.push_back({bracket == '['});
}

void JsonGenerator::End(char bracket) {
  *out_ += bracket;
  if (levels_.size() > 1) levels_.pop_back();
}

void JsonGenerator::Name(std::string_view name) {
  if (levels_.back().values > 0) *out_ += ',';
  AppendJsonString(name, out_, escape_pairs_ ? JsonEscapes::kBeyondUtf16Unit : JsonEscapes::kNone);
  *out_ += ':';
}

void JsonGenerator::String(std::string_view text) {
  Separate();
  *out_ += '"';
  AppendEscapedText(text, escape_pairs_ ? JsonEscapes::kBeyondUtf16Unit : JsonEscapes::kNone, out_);
  *out_ += '"';
}

void JsonGenerator::Value(std::string_view json) {
  Separate();
  *out_ += json;
}

bool JsonGenerator::CopyScalar(JsonTokenizer* tokenizer) {
  std::string_view text;
  switch (tokenizer->token()) {
    case JsonToken::kString:
      if (!tokenizer->Text(&text) || (tokenizer->has_lone_surrogate() && !escape_pairs_)) return false;
      String(text);
      return true;
    case JsonToken::kInteger:
      if (!tokenizer->Text(&text)) return false;
      Value(text == "-0" ? "0" : text);
      return true;
    case JsonToken::kFloat: {
      if (!tokenizer->Text(&text)) return false;
      const auto number = ParseDouble(text);
      if (!number) return false;
      Separate();
      const bool quoted = !std::isfinite(*number);
      if (quoted) *out_ += '"';
      AppendDouble(*number, out_);
      if (quoted) *out_ += '"';
      return true;
    }
    case JsonToken::kTrue:
      Value("true");
      return true;
    case JsonToken::kFalse:
      Value("false");
      return true;
    case JsonToken::kNull:
      Value("null");
      return true;
    default:
      return false;
  }
}

bool JsonGenerator::Copy(JsonTokenizer* tokenizer) {
  const size_t outside = levels_.size();
  for (;;) {
    switch (tokenizer->token()) {
      case JsonToken::kObjectStart:
        Begin('{');
        break;
      case JsonToken::kArrayStart:
        Begin('[');
        break;
      case JsonToken::kObjectEnd:
      case JsonToken::kArrayEnd:
        if (levels_.size() == outside) return false;
        End(tokenizer->token() == JsonToken::kArrayEnd ? ']' : '}');
        break;
      case JsonToken::kName: {
        std::string_view name;
        if (!tokenizer->Text(&name)) return false;
        Name(name);
        break;
      }
      default:
        if (!CopyScalar(tokenizer)) return false;
    }
    if (levels_.size() == outside && tokenizer->token() != JsonToken::kName) return true;
    if (!tokenizer->Next()) return false;
  }
}

}  // namespace sluice
