// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/expression_parser.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::sql {
namespace {

constexpr int kMaxHeight = 300;

struct BinaryOperator {
  std::string_view symbol;  // or word
  int precedence;
  const char* function;
};

// Spark's order, loosest first.
constexpr BinaryOperator kBinaryOperators[] = {
    {"=", 1, "="},   {"==", 1, "="},  {"<=>", 1, "<=>"}, {"<>", 1, "!="}, {"!=", 1, "!="}, {"<", 1, "<"},
    {"<=", 1, "<="}, {">", 1, ">"},   {">=", 1, ">="},   {"|", 2, "|"},   {"^", 3, "^"},   {"&", 4, "&"},
    {"<<", 5, "<<"}, {">>", 5, ">>"}, {">>>", 5, ">>>"}, {"+", 6, "+"},   {"-", 6, "-"},   {"||", 6, "concat"},
    {"*", 7, "*"},   {"/", 7, "/"},   {"%", 7, "%"},
};

const BinaryOperator* FindBinary(const TokenCursor& cursor) {
  static constexpr BinaryOperator kDiv = {"DIV", 7, "div"};
  if (cursor.IsWord("DIV")) return &kDiv;
  if (cursor.Peek().kind != TokenKind::kSymbol) return nullptr;
  const auto* found = std::find_if(std::begin(kBinaryOperators), std::end(kBinaryOperators),
                                   [&](const BinaryOperator& row) { return row.symbol == cursor.Peek().text; });
  return found == std::end(kBinaryOperators) ? nullptr : found;
}

}  // namespace

Expression StringLiteral(const std::string& value) {
  Expression literal;
  literal.mutable_literal()->set_string(value);
  return literal;
}

Expression AttributeOf(const std::string& unparsed_identifier) {
  Expression attribute;
  attribute.mutable_unresolved_attribute()->set_unparsed_identifier(unparsed_identifier);
  return attribute;
}

Status ExpressionParser::SetHeight(int height) {
  if (height > kMaxHeight) {
    return WithPlace(
        UserError("FAILED_TO_PARSE_TOO_COMPLEX", "An expression of the SQL text is too deep; simplify it."),
        cursor_.PlaceOf(cursor_.position()));
  }
  height_ = height;
  return Status::OK();
}

Expression ExpressionParser::CallList(const std::string& function, size_t begin, std::vector<Expression> arguments) {
  Expression call;
  call.mutable_unresolved_function()->set_function_name(function);
  for (Expression& argument : arguments) *call.mutable_unresolved_function()->add_arguments() = std::move(argument);
  cursor_.SetOrigin(&call, begin);
  return call;
}

// Long AND and OR chains become balanced trees, so that their height is the logarithm of their length.
Result<Expression> ExpressionParser::Balanced(std::vector<Expression> operands, const std::string& function,
                                              size_t begin) {
  int levels = 0;
  while (operands.size() > 1) {
    std::vector<Expression> next;
    for (size_t i = 0; i + 1 < operands.size(); i += 2) {
      next.push_back(Call(function, begin, std::move(operands[i]), std::move(operands[i + 1])));
    }
    if (operands.size() % 2 == 1) next.push_back(std::move(operands.back()));
    operands = std::move(next);
    ++levels;
  }
  SLUICE_RETURN_IF_ERROR(SetHeight(height_ + levels));
  return std::move(operands[0]);
}

Result<Expression> ExpressionParser::Parse() {
  SLUICE_RETURN_IF_ERROR(cursor_.Enter());
  DepthGuard guard(&cursor_);
  const size_t begin = cursor_.position();
  std::vector<Expression> operands;
  int height = 0;
  do {
    SLUICE_ASSIGN(Expression operand, ParseAnd());
    height = std::max(height, height_);
    operands.push_back(std::move(operand));
  } while (cursor_.AcceptWord("OR"));
  height_ = height;
  return Balanced(std::move(operands), "or", begin);
}

Result<Expression> ExpressionParser::ParseAnd() {
  const size_t begin = cursor_.position();
  std::vector<Expression> operands;
  int height = 0;
  do {
    SLUICE_ASSIGN(Expression operand, ParseNot());
    height = std::max(height, height_);
    operands.push_back(std::move(operand));
  } while (cursor_.AcceptWord("AND"));
  height_ = height;
  return Balanced(std::move(operands), "and", begin);
}

Result<Expression> ExpressionParser::ParseNot() {
  const size_t begin = cursor_.position();
  if (!cursor_.AcceptWord("NOT") && !cursor_.AcceptSymbol("!")) return ParsePredicate();
  SLUICE_RETURN_IF_ERROR(cursor_.Enter());
  DepthGuard guard(&cursor_);
  SLUICE_ASSIGN(Expression operand, ParseNot());
  SLUICE_RETURN_IF_ERROR(SetHeight(height_ + 1));
  return Call("not", begin, std::move(operand));
}

Result<Expression> ExpressionParser::ParsePredicate() {
  const size_t begin = cursor_.position();
  SLUICE_ASSIGN(Expression value, ParseBinary(1));
  return ParsePredicateTail(std::move(value), begin);
}

Result<Expression> ExpressionParser::ParsePredicateTail(Expression value, size_t begin) {
  if (cursor_.AcceptWord("IS")) return ParseIs(std::move(value), begin);
  const bool negated =
      cursor_.IsWord("NOT") && cursor_.IsAnyWord({"IN", "BETWEEN", "LIKE", "ILIKE", "RLIKE", "REGEXP"}, 1);
  if (negated) cursor_.Next();
  Result<Expression> result = Expression();
  if (cursor_.AcceptWord("IN")) {
    result = ParseIn(std::move(value), begin);
  } else if (cursor_.AcceptWord("BETWEEN")) {
    result = ParseBetween(std::move(value), begin);
  } else if (cursor_.AcceptWord("LIKE")) {
    result = ParseLike(std::move(value), "like", begin);
  } else if (cursor_.AcceptWord("ILIKE")) {
    result = ParseLike(std::move(value), "ilike", begin);
  } else if (cursor_.AcceptWord("RLIKE") || cursor_.AcceptWord("REGEXP")) {
    result = ParseLike(std::move(value), "rlike", begin);
  } else {
    return value;
  }
  if (!negated || !result.ok()) return result;
  SLUICE_RETURN_IF_ERROR(SetHeight(height_ + 1));
  return Call("not", begin, result.MoveValueUnsafe());
}

// IS [NOT] NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM value; IS is already taken.
Result<Expression> ExpressionParser::ParseIs(Expression value, size_t begin) {
  const bool negated = cursor_.AcceptWord("NOT");
  const int height = height_;
  if (cursor_.AcceptWord("NULL") || cursor_.AcceptWord("UNKNOWN")) {
    SLUICE_RETURN_IF_ERROR(SetHeight(height + 1));
    return Call(negated ? "isnotnull" : "isnull", begin, std::move(value));
  }
  Expression other;
  bool invert = negated;
  if (cursor_.IsAnyWord({"TRUE", "FALSE"})) {
    other.mutable_literal()->set_boolean(cursor_.IsWord("TRUE"));
    cursor_.Next();
  } else if (cursor_.AcceptWords({"DISTINCT", "FROM"})) {
    SLUICE_ASSIGN(other, ParseBinary(1));
    invert = !negated;
  } else {
    return cursor_.SyntaxError("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM was expected.");
  }
  SLUICE_RETURN_IF_ERROR(SetHeight(std::max(height, height_) + 2));
  Expression equal = Call("<=>", begin, std::move(value), std::move(other));
  if (!invert) return equal;
  return Call("not", begin, std::move(equal));
}

Result<Expression> ExpressionParser::ParseIn(Expression value, size_t begin) {
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
  const int height = height_;
  if (AtSubquery() && !cursor_.IsSymbol("(")) {
    SLUICE_ASSIGN(Expression subquery, ParseSubquery(spark::connect::SubqueryExpression::SUBQUERY_TYPE_IN, begin));
    auto* in = subquery.mutable_subquery_expression();
    const auto& row = value.unresolved_function();
    if (value.has_unresolved_function() && row.function_name() == "struct") {
      *in->mutable_in_subquery_values() = row.arguments();
    } else {
      *in->add_in_subquery_values() = std::move(value);
    }
    SLUICE_RETURN_IF_ERROR(SetHeight(height + 1));
    return subquery;
  }
  SLUICE_ASSIGN(std::vector<Expression> values, ParseList());
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  SLUICE_RETURN_IF_ERROR(SetHeight(std::max(height, height_) + 1));
  values.insert(values.begin(), std::move(value));
  return CallList("in", begin, std::move(values));
}

Result<Expression> ExpressionParser::ParseBetween(Expression value, size_t begin) {
  int height = height_;
  SLUICE_ASSIGN(Expression low, ParseBinary(1));
  height = std::max(height, height_);
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("AND"));
  SLUICE_ASSIGN(Expression high, ParseBinary(1));
  SLUICE_RETURN_IF_ERROR(SetHeight(std::max(height, height_) + 1));
  return Call("between", begin, std::move(value), std::move(low), std::move(high));
}

Result<Expression> ExpressionParser::ParseLike(Expression value, const std::string& function, size_t begin) {
  if (cursor_.IsAnyWord({"ANY", "ALL", "SOME"}) && cursor_.IsSymbol("(", 1)) {
    return cursor_.Refuse("LIKE with ANY, ALL or SOME", cursor_.position());
  }
  const int height = height_;
  SLUICE_ASSIGN(Expression pattern, ParseBinary(1));
  std::vector<Expression> arguments;
  arguments.push_back(std::move(value));
  arguments.push_back(std::move(pattern));
  if (function != "rlike" && cursor_.AcceptWord("ESCAPE")) {
    const size_t at = cursor_.position();
    SLUICE_ASSIGN(std::string escape, cursor_.ExpectString("The escape character"));
    if (escape.size() != 1) {
      return WithPlace(
          UserError("INVALID_ESC", "The escape character must be exactly one character.", {{"sqlExpr", escape}}),
          cursor_.PlaceOf(at));
    }
    arguments.push_back(StringLiteral(escape));
  }
  SLUICE_RETURN_IF_ERROR(SetHeight(std::max(height, height_) + 1));
  return CallList(function, begin, std::move(arguments));
}

Result<Expression> ExpressionParser::ParseBinary(int least_precedence) {
  const size_t begin = cursor_.position();
  SLUICE_ASSIGN(Expression left, ParseUnary());
  while (true) {
    const BinaryOperator* op = FindBinary(cursor_);
    if (op == nullptr || op->precedence < least_precedence) return left;
    cursor_.Next();
    const int height = height_;
    SLUICE_ASSIGN(Expression right, ParseBinary(op->precedence + 1));
    SLUICE_RETURN_IF_ERROR(SetHeight(std::max(height, height_) + 1));
    left = Call(op->function, begin, std::move(left), std::move(right));
  }
}

Result<Expression> ExpressionParser::ParseUnary() {
  const size_t begin = cursor_.position();
  const char* function = cursor_.IsSymbol("-")   ? "negative"
                         : cursor_.IsSymbol("+") ? "positive"
                         : cursor_.IsSymbol("~") ? "~"
                                                 : nullptr;
  if (function == nullptr) return ParsePostfix();
  // A minus before a number is part of the literal: -2147483648 is an INT.
  if (*function == 'n' && IsNumber(cursor_.Peek(1).kind)) return ParsePostfix();
  cursor_.Next();
  SLUICE_RETURN_IF_ERROR(cursor_.Enter());
  DepthGuard guard(&cursor_);
  SLUICE_ASSIGN(Expression operand, ParseUnary());
  SLUICE_RETURN_IF_ERROR(SetHeight(height_ + 1));
  return Call(function, begin, std::move(operand));
}

Result<std::vector<Expression>> ExpressionParser::ParseList() {
  std::vector<Expression> list;
  int height = 0;
  do {
    SLUICE_ASSIGN(Expression expression, Parse());
    height = std::max(height, height_);
    list.push_back(std::move(expression));
  } while (cursor_.AcceptSymbol(","));
  height_ = height;
  return list;
}

}  // namespace sluice::sql
