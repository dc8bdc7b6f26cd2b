// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/token_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "analysis/sql/lexer.h"
#include "base/logging.h"

namespace sluice::sql {
namespace {

constexpr int kMaxDepth = 200;
constexpr size_t kMaxFragment = 120;

// The first bytes of a text, cut between characters: messages must stay valid UTF-8.
std::string Fragment(std::string_view text) {
  size_t size = std::min(text.size(), kMaxFragment);
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size));
}

char Lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

}  // namespace

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  return lower;
}

Result<TokenCursor> TokenCursor::Make(std::string_view text, const ParseOptions& options) {
  TokenCursor cursor;
  SLUICE_ASSIGN(cursor.tokens_, Tokenize(text, options));
  cursor.text_ = text;
  cursor.file_name_ = options.file_name;
  cursor.closing_.assign(cursor.tokens_.size(), cursor.tokens_.size() - 1);
  std::vector<size_t> open;
  for (size_t i = 0; i < cursor.tokens_.size(); ++i) {
    const Token& token = cursor.tokens_[i];
    if (token.kind != TokenKind::kSymbol) continue;
    if (token.text == "?") cursor.parameters_.push_back(i);
    if (token.text == "(") open.push_back(i);
    if (token.text == ")" && !open.empty()) {
      cursor.closing_[open.back()] = i;
      open.pop_back();
    }
  }
  return cursor;
}

size_t TokenCursor::ClosingAhead(size_t ahead) const {
  return closing_[std::min(position_ + ahead, tokens_.size() - 1)] - position_;
}

const Token& TokenCursor::Peek(size_t ahead) const {
  return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
}

const Token& TokenCursor::Next() {
  const Token& token = tokens_[position_];
  if (position_ + 1 < tokens_.size()) ++position_;
  return token;
}

bool TokenCursor::IsWord(std::string_view word, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kWord && EqualsIgnoringCase(token.text, word);
}

bool TokenCursor::IsAnyWord(std::initializer_list<std::string_view> words, size_t ahead) const {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return IsWord(word, ahead); });
}

bool TokenCursor::IsSymbol(std::string_view symbol, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kSymbol && token.text == symbol;
}

bool TokenCursor::AcceptWord(std::string_view word) {
  if (!IsWord(word)) return false;
  Next();
  return true;
}

bool TokenCursor::AcceptWords(std::initializer_list<std::string_view> words) {
  size_t ahead = 0;
  for (std::string_view word : words) {
    if (!IsWord(word, ahead++)) return false;
  }
  position_ += words.size();
  return true;
}

bool TokenCursor::AcceptSymbol(std::string_view symbol) {
  if (!IsSymbol(symbol)) return false;
  Next();
  return true;
}

Status TokenCursor::ExpectWord(std::string_view word) {
  return AcceptWord(word) ? Status::OK() : SyntaxError(fmt::format("{} was expected.", word));
}

Status TokenCursor::ExpectSymbol(std::string_view symbol) {
  return AcceptSymbol(symbol) ? Status::OK() : SyntaxError(fmt::format("'{}' was expected.", symbol));
}

size_t TokenCursor::ParametersBefore(size_t position) const {
  return static_cast<size_t>(std::lower_bound(parameters_.begin(), parameters_.end(), position) - parameters_.begin());
}

bool TokenCursor::IsName(size_t ahead) const {
  const TokenKind kind = Peek(ahead).kind;
  return kind == TokenKind::kWord || kind == TokenKind::kQuotedName;
}

Result<std::string> TokenCursor::ExpectName(std::string_view what) {
  if (!IsName()) return SyntaxError(fmt::format("{} was expected.", what));
  return Next().text;
}

Result<std::string> TokenCursor::ExpectString(std::string_view what) {
  if (Peek().kind != TokenKind::kString) return SyntaxError(fmt::format("{} was expected, as a string.", what));
  return Next().text;
}

std::string TokenCursor::TextSince(size_t begin_token) const {
  const size_t begin = tokens_[begin_token].begin;
  const size_t end = position_ > begin_token ? tokens_[position_ - 1].end : tokens_[begin_token].end;
  return text_.substr(begin, end - begin);
}

TextPlace TokenCursor::PlaceOf(size_t token) const {
  const Token& at = tokens_[std::min(token, tokens_.size() - 1)];
  return TextPlace{file_name_, at.line, at.column, Redact(Fragment(text_.substr(at.begin, at.end - at.begin)))};
}

Status TokenCursor::SyntaxError(std::string_view message) const {
  const Token& token = Peek();
  const std::string near = token.kind == TokenKind::kEnd
                               ? "end of input"
                               : "'" + Redact(Fragment(text_.substr(token.begin, token.end - token.begin))) + "'";
  return WithPlace(
      UserError("PARSE_SYNTAX_ERROR", fmt::format("Syntax error at or near {}: {}", near, message), {{"error", near}}),
      PlaceOf(position_));
}

Status TokenCursor::Refuse(const std::string& what, size_t token) const {
  return WithPlace(NotSupported(what + " is not supported by Sluice."), PlaceOf(token));
}

void TokenCursor::SetOrigin(spark::connect::Expression* expression, size_t begin_token) const {
  FillOrigin(expression->mutable_common()->mutable_origin(), begin_token);
}

void TokenCursor::SetOrigin(spark::connect::Relation* relation, size_t begin_token) const {
  FillOrigin(relation->mutable_common()->mutable_origin(), begin_token);
}

void TokenCursor::FillOrigin(spark::connect::Origin* target, size_t begin_token) const {
  const Token& begin = tokens_[begin_token];
  auto* origin = target->mutable_jvm_origin();
  origin->set_line(begin.line);
  origin->set_start_position(begin.column - 1);
  const size_t end = position_ > begin_token ? tokens_[position_ - 1].end : begin.end;
  origin->set_sql_text(Fragment(std::string_view(text_).substr(begin.begin, end - begin.begin)));
  origin->set_start_index(0);
  origin->set_stop_index(static_cast<int32_t>(origin->sql_text().size()) - 1);
  if (!file_name_.empty()) {
    origin->set_object_type("FILE");
    origin->set_object_name(file_name_);
  }
}

Status TokenCursor::Enter() {
  if (depth_ >= kMaxDepth) {
    return WithPlace(UserError("FAILED_TO_PARSE_TOO_COMPLEX", "The SQL text is nested too deep; simplify it."),
                     PlaceOf(position_));
  }
  ++depth_;
  return Status::OK();
}

}  // namespace sluice::sql
