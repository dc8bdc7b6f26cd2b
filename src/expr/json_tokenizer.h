// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Departures from the JSON standard, and limits. The defaults are those of Spark's from_json.
struct JsonSyntax {
  bool comments = false;                   // /* */ and //
  bool unquoted_names = false;             // {a: 1}
  bool single_quotes = true;               // {'a': 'b'}
  bool leading_zeros = false;              // 007
  bool non_numeric_numbers = true;         // NaN, Infinity, -INF
  bool any_escape = false;                 // "\q"
  bool control_characters = false;         // raw ones in strings
  int64_t most_depth = 1000;               // of arrays and objects in each other
  int64_t most_number_length = 1000;       // digits
  int64_t most_string_length = INT32_MAX;  // bytes
};

enum class JsonToken : uint8_t {
  kNone,  // the end, or what a malformed value leaves behind
  kObjectStart,
  kObjectEnd,
  kArrayStart,
  kArrayEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kTrue,
  kFalse,
  kNull,
};

// A decoded string with '?' for each half of a surrogate pair.
std::string WithoutHalves(std::string_view text);

// Cuts a JSON text into tokens, one at a time. Spark reads JSON with Jackson's ReaderBasedJsonParser, and goes on
// behind an error in order to keep the rest of a record. What it finds there depends on where the parser stood, so this
// one stands at the same places: the first character of a member's value is looked at together with its name, a string
// in double quotes is only read when it is asked for or left behind. Views live until the next Reset.
class JsonTokenizer {
 public:
  explicit JsonTokenizer(const JsonSyntax& syntax) : syntax_(syntax) {}

  // `text` is UTF-8 and outlives the tokens.
  void Reset(std::string_view text);
  // Moves on; false when the text is malformed there.
  bool Next();
  JsonToken token() const { return token_; }
  // The name of the member that the current token belongs to; nothing in arrays and at the root.
  std::optional<std::string_view> name() const;
  // The decoded string, the number as written (without leading zeros), or the name; false when it is malformed.
  bool Text(std::string_view* out);
  // NaN, Infinity and their like, of a kFloat.
  bool is_word() const { return is_word_; }
  // Whether the string just decoded has half of a surrogate pair, which UTF-8 has not: it stands there in three bytes,
  // 0xED and two more. WithoutHalves() writes it as Java does.
  bool has_lone_surrogate() const { return lone_surrogate_; }
  // Goes to the end of the array or object whose start is the current token.
  bool SkipChildren();
  // Where the value begins whose first token is the current one.
  size_t value_begin() const { return value_begin_; }
  // The text from there to where the tokenizer stands.
  std::string_view TextFrom(size_t begin) const { return text_.substr(begin, at_ - begin); }

 private:
  struct Context {
    enum Kind : uint8_t { kRoot, kArray, kObject };
    Kind kind;
    bool named = false;
    int64_t index = -1;
    std::string_view name;
  };

  bool Begin(Context::Kind kind);
  bool SkipBlanks();
  bool SkipComment();
  bool Peek(char* c);
  bool Close(char c);
  bool ReadName();
  bool ReadUnquotedName();
  bool ReadValueStart(JsonToken* token);
  bool ReadWord(std::string_view word, size_t matched);
  bool ReadOddValue(JsonToken* token);
  bool ReadSignedWord(bool negative, JsonToken* token);
  bool ReadNumber(bool negative, JsonToken* token);
  bool ReadString(char quote, std::string_view* out, int64_t most);
  bool ReadEscape(std::string* out);
  bool ReadHex(uint32_t* out);
  bool PassString();
  std::string_view Keep(std::string_view text);

  JsonSyntax syntax_;
  std::string_view text_;
  size_t at_ = 0;
  size_t value_begin_ = 0;  // of the last value whose start was read
  JsonToken token_ = JsonToken::kNone;
  JsonToken next_ = JsonToken::kNone;  // the value behind a name
  bool unread_string_ = false;         // the current or next token is a string in double quotes that was not read
  bool is_word_ = false;
  bool lone_surrogate_ = false;
  std::string_view value_;
  std::vector<Context> contexts_;
  std::string scratch_;
  std::deque<std::string> kept_;  // decoded strings; kept for the next record
  size_t kept_used_ = 0;
};

}  // namespace sluice
