// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/expressions.pb.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "analysis/sql/parser.h"
#include "analysis/sql/token_cursor.h"

namespace sluice::sql {

using spark::connect::Expression;

// Recursive descent over Spark's expression grammar. Operators become calls of functions under Spark's names ("+",
// "in", "when", "isnull"); FILTER (WHERE c) becomes the internal call aggregate_filter(call, c), IGNORE NULLS the
// internal call ignore_nulls(call). Implemented in expression_parser.cc (operators), primary_parser.cc (names, calls,
// CASE, CAST), literal_parser.cc, window_parser.cc (OVER, subqueries).
class ExpressionParser {
 public:
  ExpressionParser(TokenCursor* cursor, const ParseOptions& options) : cursor_(*cursor), options_(options) {}

  Result<Expression> Parse();  // a boolean expression: the whole grammar
  // An entry of a SELECT list: expression [[AS] name | AS (names)].
  Result<Expression> ParseNamed();
  Result<std::vector<Expression>> ParseList();  // comma-separated, at least one
  Result<Expression::SortOrder> ParseSortOrder();
  // Subqueries are parsed by `read`, which finds the cursor behind the opening parenthesis and gives the plan id under
  // which the query is kept. Without it they are refused.
  void AllowSubqueries(std::function<Result<int64_t>()> read) { read_subquery_ = std::move(read); }
  // The windows that OVER may name, by their names in lower case.
  void SetWindows(std::map<std::string, Expression::Window> windows) { windows_ = std::move(windows); }
  const std::map<std::string, Expression::Window>& windows() const { return windows_; }
  // ([name] [PARTITION BY ..] [ORDER BY ..] [frame]), from its opening parenthesis.
  Result<Expression::Window> ParseWindowSpec();
  // A type's text, checked: "decimal(10,2)", "array<struct<a:int>>".
  Result<std::string> ParseTypeText();

 private:
  // Operators, loosest first.
  Result<Expression> ParseAnd();
  Result<Expression> ParseNot();
  Result<Expression> ParsePredicate();
  Result<Expression> ParseBinary(int least_precedence);
  Result<Expression> ParseUnary();
  Result<Expression> ParsePostfix();
  Result<Expression> ParsePredicateTail(Expression value, size_t begin);
  Result<Expression> ParseIs(Expression value, size_t begin);
  Result<Expression> ParseIn(Expression value, size_t begin);
  Result<Expression> ParseBetween(Expression value, size_t begin);
  Result<Expression> ParseLike(Expression value, const std::string& function, size_t begin);
  Result<Expression> Balanced(std::vector<Expression> operands, const std::string& function, size_t begin);

  // Primaries.
  Result<Expression> ParsePrimary();
  Result<Expression> ParseParenthesized();
  Result<Expression> ParseLambda(size_t begin);
  Result<Expression> ParseNameOrCall();
  Result<Expression> ParseSpecialForm(bool* found);
  Result<Expression> ParseCase();
  Result<Expression> ParseCast(Expression::Cast::EvalMode mode);
  Result<Expression> ParseExtract();
  Result<Expression> ParseSubstring();
  Result<Expression> ParseTrim();
  Result<Expression> ParsePosition();
  Result<Expression> ParseCall(const std::string& name, size_t begin);
  Result<Expression> ParseArgument();
  Result<Expression> ParseCallTail(Expression call, size_t begin);
  Result<Expression> ParseNullsOption(Expression call);
  Result<Expression> ParseParameter();

  // Subqueries and windows, in window_parser.cc.
  bool AtSubquery(size_t ahead = 0) const;
  Result<Expression> ParseSubquery(spark::connect::SubqueryExpression::SubqueryType type, size_t begin);
  Result<Expression> ParseOver(Expression call, size_t begin);
  Status ParseFrame(Expression::Window::WindowFrame* frame);
  Result<Expression::Window::WindowFrame::FrameBoundary> ParseFrameBoundary();

  // Literals.
  Result<Expression> ParseLiteral(bool* found);
  Result<Expression> ParseNumber();
  Result<Expression> ParseInteger(const std::string& digits, size_t begin);
  Result<Expression> ParseTypedLiteral();
  Result<Expression> ParseInterval();

  Expression CallList(const std::string& function, size_t begin, std::vector<Expression> arguments);
  template <typename... Arguments>
  Expression Call(const std::string& function, size_t begin, Arguments... arguments) {
    Expression call;
    call.mutable_unresolved_function()->set_function_name(function);
    ((*call.mutable_unresolved_function()->add_arguments() = std::move(arguments)), ...);
    cursor_.SetOrigin(&call, begin);
    return call;
  }
  // Checks and notes the height of the tree just made: trees are as bounded as the recursion that walks them.
  Status SetHeight(int height);

  TokenCursor& cursor_;
  const ParseOptions& options_;
  std::function<Result<int64_t>()> read_subquery_;
  std::map<std::string, Expression::Window> windows_;
  int height_ = 0;  // of the expression that a Parse function returned last
};

inline bool IsNumber(TokenKind kind) {
  return kind >= TokenKind::kInteger && kind <= TokenKind::kByte;
}
// At a word that begins a clause (FROM, WHERE, ...); at a name that may be an alias without AS.
bool IsClauseWord(const TokenCursor& cursor);
bool IsAliasWord(const TokenCursor& cursor);
Expression StringLiteral(const std::string& value);
Expression AttributeOf(const std::string& unparsed_identifier);

}  // namespace sluice::sql
