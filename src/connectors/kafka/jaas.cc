// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/jaas.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "base/logging.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

Status BadJaas(const std::string& why) {
  return UserError("SLUICE_INVALID_OPTION",
                   "Option 'kafka.sasl.jaas.config' cannot be read: " + why +
                       ". Expected: <login module class> required username=\"...\" password=\"...\";");
}

bool IsSpace(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

class JaasScanner {
 public:
  explicit JaasScanner(std::string_view text) : text_(text) {}

  struct Token {
    enum Kind { kWord, kEquals, kSemicolon, kEnd } kind = kEnd;
    std::string text;
  };

  Result<Token> Next() {
    SLUICE_RETURN_IF_ERROR(SkipBlanks());
    if (at_ >= text_.size()) return Token{Token::kEnd, ""};
    const char c = text_[at_];
    if (c == ';' || c == '=') {
      ++at_;
      return Token{c == ';' ? Token::kSemicolon : Token::kEquals, ""};
    }
    if (c == '"' || c == '\'') return Quoted(c);
    const size_t begin = at_;
    while (at_ < text_.size() && !IsSpace(text_[at_]) && text_[at_] != ';' && text_[at_] != '=') ++at_;
    return Token{Token::kWord, std::string(text_.substr(begin, at_ - begin))};
  }

 private:
  Status SkipBlanks() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (IsSpace(rest[0])) {
        ++at_;
      } else if (rest.starts_with("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (rest.starts_with("/*")) {
        const size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return BadJaas("a comment is not closed");
        at_ = end + 2;
      } else {
        break;
      }
    }
    return Status::OK();
  }

  Result<Token> Quoted(char quote) {
    Token token{Token::kWord, ""};
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == quote) {
        ++at_;
        return token;
      }
      if (c == '\n' || c == '\r') break;
      if (c == '\\' && at_ + 1 < text_.size()) c = Escape();
      token.text += c;
    }
    return BadJaas("a quoted value is not closed on its line");
  }

  // Java's StreamTokenizer: \n and the like, octal up to \377, any other character stands for itself.
  char Escape() {
    const char c = text_[++at_];
    if (c >= '0' && c <= '7') {
      int code = 0;
      const int max_digits = c <= '3' ? 3 : 2;
      int digits = 0;
      while (digits < max_digits && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7') {
        code = code * 8 + (text_[at_++] - '0');
        ++digits;
      }
      --at_;
      return static_cast<char>(code);
    }
    constexpr std::string_view kLetters = "abfnrtv";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
    const size_t found = kLetters.find(c);
    return found == std::string_view::npos ? c : kMeanings[found];
  }

  std::string_view text_;
  size_t at_ = 0;
};

bool IsControlFlag(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::array kFlags = {"required", "requisite", "sufficient", "optional"};
  return std::find(kFlags.begin(), kFlags.end(), word) != kFlags.end();
}

}  // namespace

Result<JaasEntry> ParseJaas(const std::string& text) {
  using Token = JaasScanner::Token;
  RegisterSecret(text);
  JaasScanner scanner(text);
  JaasEntry entry;
  SLUICE_ASSIGN(Token module, scanner.Next());
  if (module.kind != Token::kWord) return BadJaas("it does not begin with a login module's class");
  entry.module = module.text;
  SLUICE_ASSIGN(Token flag, scanner.Next());
  if (flag.kind != Token::kWord || !IsControlFlag(flag.text)) {
    return BadJaas("'required' (or requisite, sufficient, optional) must follow the login module's class");
  }
  for (;;) {
    SLUICE_ASSIGN(Token name, scanner.Next());
    if (name.kind == Token::kSemicolon) break;
    if (name.kind == Token::kEnd) return BadJaas("the ';' at its end is missing");
    SLUICE_ASSIGN(Token equals, scanner.Next());
    if (name.kind != Token::kWord || equals.kind != Token::kEquals) return BadJaas("a name=value pair is malformed");
    SLUICE_ASSIGN(Token value, scanner.Next());
    if (value.kind != Token::kWord) return BadJaas("a name has no value");
    if (name.text != "username") RegisterSecret(value.text);
    entry.options[name.text] = value.text;
  }
  SLUICE_ASSIGN(Token rest, scanner.Next());
  if (rest.kind != Token::kEnd) return BadJaas("only one login module is allowed");
  return entry;
}

}  // namespace sluice
