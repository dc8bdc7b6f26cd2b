// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/lexer.h"

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <array>
#include <cctype>

#include "analysis/sql/string_escapes.h"
#include "base/spark_error.h"

namespace sluice::sql {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
// Letters outside ASCII count as letters; they arrive as bytes >= 0x80.
bool IsNamePart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::array<std::string_view, 17> kLongSymbols = {"<=>", ">>>", "<=", ">=", "<>", "!=", "==", "<<", ">>",
                                                           "->",  "::",  "||", "=>", "|>", "!<", "!>", "&&"};
constexpr std::string_view kShortSymbols = "()[],.;:?+-*/%<>=!&|^~{}@$";

// A token takes some seventy times the memory of the sign that it stands for.
constexpr size_t kMostTokens = 250'000;

class Lexer {
 public:
  Lexer(std::string_view text, const ParseOptions& options) : text_(text), options_(options) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      SLUICE_RETURN_IF_ERROR(SkipBlanks());
      Token token;
      token.begin = position_;
      token.line = line_;
      token.column = static_cast<int>(position_ - line_start_) + 1;
      SLUICE_RETURN_IF_ERROR(Read(&token));
      token.end = position_;
      const bool last = token.kind == TokenKind::kEnd;
      if (tokens.size() >= kMostTokens) {
        return WithPlace(UserError("FAILED_TO_PARSE_TOO_COMPLEX",
                                   fmt::format("A statement has at most {} words and signs.", kMostTokens)),
                         TextPlace{options_.file_name, token.line, token.column, ""});
      }
      tokens.push_back(std::move(token));
      if (last) return tokens;
    }
  }

 private:
  char At(size_t ahead = 0) const { return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0'; }
  bool Done() const { return position_ >= text_.size(); }
  void Step() {
    if (text_[position_++] == '\n') {
      ++line_;
      line_start_ = position_;
    }
  }

  Status Error(std::string message, int line, int column) const {
    return WithPlace(UserError("PARSE_SYNTAX_ERROR", std::move(message)),
                     TextPlace{options_.file_name, line, column, ""});
  }

  Status SkipBlanks() {
    while (!Done()) {
      const char c = At();
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        Step();
      } else if (c == '-' && At(1) == '-') {
        while (!Done() && At() != '\n') Step();
      } else if (c == '/' && At(1) == '*') {
        SLUICE_RETURN_IF_ERROR(SkipBracketedComment());
      } else {
        break;
      }
    }
    return Status::OK();
  }

  // Bracketed comments nest, as in Spark.
  Status SkipBracketedComment() {
    const int line = line_;
    const int column = static_cast<int>(position_ - line_start_) + 1;
    int depth = 0;
    while (!Done()) {
      if (At() == '/' && At(1) == '*') {
        ++depth;
        position_ += 2;
      } else if (At() == '*' && At(1) == '/') {
        position_ += 2;
        if (--depth == 0) return Status::OK();
      } else {
        Step();
      }
    }
    return Error("A bracketed comment is not closed.", line, column);
  }

  Status Read(Token* token) {
    if (Done()) return Status::OK();
    const char c = At();
    if ((c == 'r' || c == 'R') && (At(1) == '\'' || At(1) == '"')) return ReadRawString(token);
    if (c == '`' || (c == '"' && options_.session.double_quoted_identifiers)) return ReadQuotedName(token);
    if (c == '\'' || c == '"') return ReadString(token);
    if (IsDigit(c) || (c == '.' && IsDigit(At(1)) && !AfterName())) return ReadNumber(token);
    if (IsNamePart(c)) {
      ReadWord(token);
      return Status::OK();
    }
    return ReadSymbol(token);
  }

  // "t.1" is a field after a name, ".1" elsewhere a number.
  bool AfterName() const {
    return position_ > 0 && (IsNamePart(text_[position_ - 1]) || text_[position_ - 1] == '`' ||
                             text_[position_ - 1] == ']' || text_[position_ - 1] == ')');
  }

  void ReadWord(Token* token) {
    const size_t begin = position_;
    while (!Done() && IsNamePart(At())) Step();
    token->kind = TokenKind::kWord;
    token->text = std::string(text_.substr(begin, position_ - begin));
  }

  Status ReadSymbol(Token* token) {
    token->kind = TokenKind::kSymbol;
    for (std::string_view symbol : kLongSymbols) {
      if (text_.substr(position_, symbol.size()) == symbol) {
        token->text = symbol;
        position_ += symbol.size();
        return Status::OK();
      }
    }
    if (kShortSymbols.find(At()) == std::string_view::npos) {
      return Error(fmt::format("The character '{}' has no meaning here.", At()), token->line, token->column);
    }
    token->text = std::string(1, At());
    Step();
    return Status::OK();
  }

  Status ReadString(Token* token) {
    const char quote = At();
    Step();
    const size_t begin = position_;
    while (!Done()) {
      if (At() == '\\' && position_ + 1 < text_.size()) {
        Step();
        Step();
      } else if (At() == quote && At(1) == quote) {
        Step();
        Step();
      } else if (At() == quote) {
        token->kind = TokenKind::kString;
        token->text = StringValue(text_.substr(begin, position_ - begin), quote);
        Step();
        return Status::OK();
      } else {
        Step();
      }
    }
    return Error("A string is not closed.", token->line, token->column);
  }

  std::string StringValue(std::string_view written, char quote) const {
    return options_.session.escaped_string_literals ? std::string(written) : UnescapeString(written, quote);
  }

  Status ReadRawString(Token* token) {
    Step();
    const char quote = At();
    Step();
    const size_t begin = position_;
    while (!Done() && At() != quote) Step();
    if (Done()) return Error("A string is not closed.", token->line, token->column);
    token->kind = TokenKind::kString;
    token->raw_string = true;
    token->text = std::string(text_.substr(begin, position_ - begin));
    Step();
    return Status::OK();
  }

  Status ReadQuotedName(Token* token) {
    const char quote = At();
    Step();
    while (!Done()) {
      if (At() == quote && At(1) == quote) {
        token->text += quote;
        Step();
        Step();
      } else if (At() == quote) {
        Step();
        token->kind = TokenKind::kQuotedName;
        if (token->text.empty()) return Error("A quoted name is empty.", token->line, token->column);
        return Status::OK();
      } else {
        token->text += At();
        Step();
      }
    }
    return Error("A quoted name is not closed.", token->line, token->column);
  }

  Status ReadNumber(Token* token) {
    const size_t begin = position_;
    bool point = false;
    bool exponent = false;
    while (IsDigit(At())) Step();
    if (At() == '.' && (IsDigit(At(1)) || !IsNamePart(At(1)))) {
      point = true;
      Step();
      while (IsDigit(At())) Step();
    }
    const size_t sign = At(1) == '+' || At(1) == '-' ? 1 : 0;
    if ((At() == 'e' || At() == 'E') && IsDigit(At(1 + sign))) {
      exponent = true;
      position_ += 1 + sign;
      while (IsDigit(At())) Step();
    }
    const size_t end = position_;
    const size_t suffix = SuffixKind(point || exponent, &token->kind);
    if (IsNamePart(At(suffix))) {
      // "15a" is a name; "1.5a" is nothing.
      if (point) return Error("A number runs into a name.", token->line, token->column);
      position_ = begin;
      ReadWord(token);
      return Status::OK();
    }
    if (suffix == 0) {
      token->kind = exponent ? TokenKind::kDouble : point ? TokenKind::kDecimal : TokenKind::kInteger;
    }
    token->text = std::string(text_.substr(begin, end - begin));
    position_ += suffix;
    return Status::OK();
  }

  // Length of the type suffix at the current position (0: none), and what it makes of the number.
  size_t SuffixKind(bool fraction, TokenKind* kind) const {
    const char c = static_cast<char>(std::toupper(static_cast<unsigned char>(At())));
    if (c == 'B' && std::toupper(static_cast<unsigned char>(At(1))) == 'D') {
      *kind = TokenKind::kDecimal;
      return 2;
    }
    if (c == 'D') *kind = TokenKind::kDouble;
    if (c == 'F') *kind = TokenKind::kFloat;
    if (c == 'D' || c == 'F') return 1;
    if (fraction) return 0;
    if (c == 'L') *kind = TokenKind::kLong;
    if (c == 'S') *kind = TokenKind::kShort;
    if (c == 'Y') *kind = TokenKind::kByte;
    return c == 'L' || c == 'S' || c == 'Y' ? 1 : 0;
  }

  std::string_view text_;
  const ParseOptions& options_;
  size_t position_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
};

bool IsPlainName(const std::string& name) {
  bool letter = false;
  for (char c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
    letter = letter || !IsDigit(c);
  }
  return letter;
}

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view text, const ParseOptions& options) {
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(text)) {
    return UserError("PARSE_SYNTAX_ERROR", "The SQL text is not valid UTF-8.");
  }
  return Lexer(text, options).Run();
}

std::string QuoteName(const std::string& name) {
  std::string quoted = "`";
  for (char c : name) {
    quoted += c;
    if (c == '`') quoted += c;
  }
  return quoted + "`";
}

std::string QuoteNameIfNeeded(const std::string& name) {
  return IsPlainName(name) ? name : QuoteName(name);
}

}  // namespace sluice::sql
