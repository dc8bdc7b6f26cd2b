// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expr/json_tokenizer.h"

namespace sluice {

// Which characters are written as escapes, besides those that must be.
enum class JsonEscapes { kNone, kBeyondUtf16Unit, kBeyondAscii };

// In double quotes. What is no UTF-8 becomes U+FFFD (types/utf8_repair.h).
void AppendJsonString(std::string_view text, std::string* out, JsonEscapes escapes = JsonEscapes::kNone);

// Writes JSON without blanks, and puts commas and colons. `escape_pairs`: characters beyond U+FFFF are written as two
// escapes (\uD83D\uDE00), as Jackson does where it writes bytes; where it writes characters, they stand as they are.
class JsonGenerator {
 public:
  JsonGenerator(std::string* out, bool escape_pairs) : out_(out), escape_pairs_(escape_pairs) {}
  void Begin(char bracket);
  void End(char bracket);
  void Name(std::string_view name);
  // Decoded by a JsonTokenizer.
  void String(std::string_view text);
  // A value, or several with their commas, as they stand.
  void Value(std::string_view json);
  // No value: written without a comma before it.
  void Raw(std::string_view text) { *out_ += text; }

  // Copies the value at whose first token the tokenizer stands, and leaves it at the last one. Numbers with a point or
  // an exponent go through DOUBLE, as in Spark: 1.50 is written 1.5. False when the value is malformed.
  bool Copy(JsonTokenizer* tokenizer);

 private:
  void Separate();
  bool CopyScalar(JsonTokenizer* tokenizer);

  struct Level {
    bool in_array = false;
    int64_t values = 0;
  };
  std::string* out_;
  bool escape_pairs_;
  std::vector<Level> levels_{Level{}};
};

}  // namespace sluice
