// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/sql/parser.h"
#include "analysis/sql/token.h"
#include "base/spark_error.h"

namespace sluice::sql {

// Walks over the tokens of one text; knows the text for places and fragments. One parse, one thread.
class TokenCursor {
 public:
  static Result<TokenCursor> Make(std::string_view text, const ParseOptions& options);

  const Token& Peek(size_t ahead = 0) const;
  const Token& Next();  // the end token is never passed
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }
  size_t position() const { return position_; }
  void Rewind(size_t position) { position_ = position; }

  // Words are compared without regard to case.
  bool IsWord(std::string_view word, size_t ahead = 0) const;
  bool IsAnyWord(std::initializer_list<std::string_view> words, size_t ahead = 0) const;
  bool IsSymbol(std::string_view symbol, size_t ahead = 0) const;
  bool AcceptWord(std::string_view word);
  bool AcceptWords(std::initializer_list<std::string_view> words);  // all of them, or none
  bool AcceptSymbol(std::string_view symbol);
  Status ExpectWord(std::string_view word);
  Status ExpectSymbol(std::string_view symbol);
  // A name, quoted or not.
  Result<std::string> ExpectName(std::string_view what);
  Result<std::string> ExpectString(std::string_view what);
  bool IsName(size_t ahead = 0) const;
  // Which token ahead closes the bracket that opens `ahead`; the end when none does. Takes no time, however far it is.
  size_t ClosingAhead(size_t ahead) const;
  // How many tokens before `position` are a question mark.
  size_t ParametersBefore(size_t position) const;

  // The text from a token to the end of the token before the current one.
  std::string TextSince(size_t begin_token) const;
  TextPlace PlaceOf(size_t token) const;
  // "... near 'x'", with the place of the current token.
  Status SyntaxError(std::string_view message) const;
  // Something Spark has and Sluice lacks, with the place of the given token.
  Status Refuse(const std::string& what, size_t token) const;
  void SetOrigin(spark::connect::Expression* expression, size_t begin_token) const;
  void SetOrigin(spark::connect::Relation* relation, size_t begin_token) const;

  // Limits how deep parsers call each other, so that no text can exhaust the stack.
  Status Enter();
  void Leave() { --depth_; }

 private:
  TokenCursor() = default;
  void FillOrigin(spark::connect::Origin* origin, size_t begin_token) const;

  std::string text_;
  std::string file_name_;
  std::vector<Token> tokens_;
  std::vector<size_t> closing_;     // of each token that is a (, the place of its )
  std::vector<size_t> parameters_;  // the places of question marks
  size_t position_ = 0;
  int depth_ = 0;
};

// Calls Leave when it goes out of scope; made after Enter succeeded.
class DepthGuard {
 public:
  explicit DepthGuard(TokenCursor* cursor) : cursor_(cursor) {}
  ~DepthGuard() { cursor_->Leave(); }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  TokenCursor* cursor_;
};

bool EqualsIgnoringCase(std::string_view a, std::string_view b);
std::string LowerCase(std::string_view text);

}  // namespace sluice::sql
