// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "analysis/sql/expression_parser.h"
#include "types/spark_type.h"

namespace sluice::sql {
namespace {

// Words that begin or continue a clause, so that they are neither a column's name nor an alias without AS.
constexpr std::string_view kClauseWords[] = {
    "FROM",   "WHERE",     "GROUP",      "HAVING",  "ORDER",       "LIMIT", "OFFSET",  "UNION",
    "EXCEPT", "INTERSECT", "MINUS",      "JOIN",    "INNER",       "LEFT",  "RIGHT",   "FULL",
    "CROSS",  "SEMI",      "ANTI",       "NATURAL", "ON",          "USING", "LATERAL", "WINDOW",
    "SORT",   "CLUSTER",   "DISTRIBUTE", "QUALIFY", "TABLESAMPLE", "PIVOT", "UNPIVOT"};
// Clause words that Spark takes for a name where an expression begins: Kafka's column `offset` is one.
constexpr std::string_view kClauseWordsThatName[] = {"OFFSET", "WINDOW", "LEFT", "RIGHT", "MINUS"};
constexpr std::string_view kOperatorWords[] = {"AS",    "AND",    "OR",      "NOT",  "IN",    "LIKE",  "ILIKE",
                                               "RLIKE", "REGEXP", "BETWEEN", "IS",   "WHEN",  "THEN",  "ELSE",
                                               "END",   "DIV",    "ASC",     "DESC", "NULLS", "ESCAPE"};

template <size_t N>
bool AtAny(const TokenCursor& cursor, const std::string_view (&words)[N]) {
  return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) { return cursor.IsWord(word); });
}

// Names in a lambda's body may be variables of a lambda around them; what is none is a column's name after all.
Status NamesToVariables(google::protobuf::Message* message) {
  if (auto* expression = dynamic_cast<Expression*>(message);
      expression != nullptr && expression->has_unresolved_attribute()) {
    SLUICE_ASSIGN(const auto parts, ParseNameParts(expression->unresolved_attribute().unparsed_identifier()));
    auto* variable = expression->mutable_unresolved_named_lambda_variable();
    for (const std::string& part : parts) variable->add_name_parts(part);
    return Status::OK();
  }
  const auto* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      SLUICE_RETURN_IF_ERROR(NamesToVariables(reflection->MutableMessage(message, field)));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      SLUICE_RETURN_IF_ERROR(NamesToVariables(reflection->MutableRepeatedMessage(message, field, i)));
    }
  }
  return Status::OK();
}

}  // namespace

bool IsClauseWord(const TokenCursor& cursor) {
  return AtAny(cursor, kClauseWords);
}
bool IsAliasWord(const TokenCursor& cursor) {
  return cursor.IsName() && !AtAny(cursor, kClauseWords) && !AtAny(cursor, kOperatorWords);
}

Result<Expression> ExpressionParser::ParseNamed() {
  const size_t begin = cursor_.position();
  SLUICE_ASSIGN(Expression expression, Parse());
  std::vector<std::string> names;
  if (cursor_.AcceptWord("AS")) {
    const bool several = cursor_.AcceptSymbol("(");
    do {
      SLUICE_ASSIGN(std::string name, cursor_.ExpectName("A name after AS"));
      names.push_back(std::move(name));
    } while (several && cursor_.AcceptSymbol(","));
    if (several) SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  } else if (IsAliasWord(cursor_)) {
    names.push_back(cursor_.Next().text);
  }
  if (names.empty()) return expression;
  Expression alias;
  *alias.mutable_alias()->mutable_expr() = std::move(expression);
  for (std::string& name : names) alias.mutable_alias()->add_name(std::move(name));
  cursor_.SetOrigin(&alias, begin);
  return alias;
}

Result<Expression::SortOrder> ExpressionParser::ParseSortOrder() {
  Expression::SortOrder order;
  SLUICE_ASSIGN(*order.mutable_child(), Parse());
  const bool descending = cursor_.AcceptWord("DESC");
  if (!descending) cursor_.AcceptWord("ASC");
  order.set_direction(descending ? Expression::SortOrder::SORT_DIRECTION_DESCENDING
                                 : Expression::SortOrder::SORT_DIRECTION_ASCENDING);
  bool nulls_first = !descending;
  if (cursor_.AcceptWords({"NULLS", "FIRST"})) nulls_first = true;
  if (cursor_.AcceptWords({"NULLS", "LAST"})) nulls_first = false;
  order.set_null_ordering(nulls_first ? Expression::SortOrder::SORT_NULLS_FIRST
                                      : Expression::SortOrder::SORT_NULLS_LAST);
  return order;
}

// value[index], value.field, value::type, any number of them.
Result<Expression> ExpressionParser::ParsePostfix() {
  const size_t begin = cursor_.position();
  SLUICE_ASSIGN(Expression value, ParsePrimary());
  while (true) {
    const int height = height_;
    Expression next;
    if (cursor_.AcceptSymbol("[")) {
      SLUICE_ASSIGN(*next.mutable_unresolved_extract_value()->mutable_extraction(), Parse());
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("]"));
      *next.mutable_unresolved_extract_value()->mutable_child() = std::move(value);
    } else if (cursor_.IsSymbol(".") && cursor_.IsName(1)) {
      cursor_.Next();
      *next.mutable_unresolved_extract_value()->mutable_extraction() = StringLiteral(cursor_.Next().text);
      *next.mutable_unresolved_extract_value()->mutable_child() = std::move(value);
    } else if (cursor_.AcceptSymbol("::")) {
      SLUICE_ASSIGN(*next.mutable_cast()->mutable_type_str(), ParseTypeText());
      *next.mutable_cast()->mutable_expr() = std::move(value);
    } else {
      return value;
    }
    SLUICE_RETURN_IF_ERROR(SetHeight(std::max(height, height_) + 1));
    cursor_.SetOrigin(&next, begin);
    value = std::move(next);
  }
}

Result<Expression> ExpressionParser::ParsePrimary() {
  const size_t begin = cursor_.position();
  bool found = false;
  SLUICE_ASSIGN(Expression literal, ParseLiteral(&found));
  if (found) return literal;
  if (cursor_.AcceptSymbol("(")) return ParseParenthesized();
  if (cursor_.AcceptSymbol("*")) {
    Expression star;
    star.mutable_unresolved_star();
    cursor_.SetOrigin(&star, begin);
    SLUICE_RETURN_IF_ERROR(SetHeight(1));
    return star;
  }
  if (cursor_.IsSymbol(":") || cursor_.IsSymbol("?")) return ParseParameter();
  if (cursor_.IsWord("EXISTS") && cursor_.IsSymbol("(", 1) && AtSubquery(2)) {
    cursor_.Next();
    cursor_.Next();
    return ParseSubquery(spark::connect::SubqueryExpression::SUBQUERY_TYPE_EXISTS, begin);
  }
  SLUICE_ASSIGN(Expression special, ParseSpecialForm(&found));
  if (found) return special;
  if (!cursor_.IsName() || (IsClauseWord(cursor_) && !AtAny(cursor_, kClauseWordsThatName))) {
    return cursor_.SyntaxError("an expression was expected.");
  }
  return ParseNameOrCall();
}

// The opening parenthesis is already taken.
Result<Expression> ExpressionParser::ParseParenthesized() {
  const size_t begin = cursor_.position() - 1;
  if (AtSubquery() && !cursor_.IsSymbol("(")) {
    return ParseSubquery(spark::connect::SubqueryExpression::SUBQUERY_TYPE_SCALAR, begin);
  }
  if (cursor_.IsName() && cursor_.IsSymbol(",", 1)) {
    // Either a row (a, b) or the parameters of a lambda (a, b) -> ...
    size_t ahead = 2;
    while (cursor_.IsName(ahead) && cursor_.IsSymbol(",", ahead + 1)) ahead += 2;
    if (cursor_.IsName(ahead) && cursor_.IsSymbol(")", ahead + 1) && cursor_.IsSymbol("->", ahead + 2)) {
      return ParseLambda(begin);
    }
  }
  SLUICE_ASSIGN(std::vector<Expression> list, ParseList());
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  if (list.size() == 1) return std::move(list[0]);
  SLUICE_RETURN_IF_ERROR(SetHeight(height_ + 1));
  return CallList("struct", begin, std::move(list));
}

// x -> body, or from the x of (x, y) -> body on.
Result<Expression> ExpressionParser::ParseLambda(size_t begin) {
  Expression expression;
  auto* lambda = expression.mutable_lambda_function();
  do {
    SLUICE_ASSIGN(*lambda->add_arguments()->add_name_parts(), cursor_.ExpectName("A lambda's variable"));
  } while (cursor_.AcceptSymbol(","));
  cursor_.AcceptSymbol(")");
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("->"));
  SLUICE_ASSIGN(*lambda->mutable_function(), Parse());
  SLUICE_RETURN_IF_ERROR(NamesToVariables(lambda->mutable_function()));
  SLUICE_RETURN_IF_ERROR(SetHeight(height_ + 1));
  cursor_.SetOrigin(&expression, begin);
  return expression;
}

Result<Expression> ExpressionParser::ParseSpecialForm(bool* found) {
  *found = true;
  if (cursor_.IsWord("CASE") && !cursor_.IsSymbol(".", 1) && !cursor_.IsSymbol(",", 1)) return ParseCase();
  if (cursor_.IsSymbol("(", 1)) {
    if (cursor_.IsWord("CAST")) return ParseCast(Expression::Cast::EVAL_MODE_UNSPECIFIED);
    if (cursor_.IsWord("TRY_CAST")) return ParseCast(Expression::Cast::EVAL_MODE_TRY);
    if (cursor_.IsWord("EXTRACT") && cursor_.IsWord("FROM", 3)) return ParseExtract();
    if (cursor_.IsAnyWord({"SUBSTRING", "SUBSTR"})) return ParseSubstring();
    if (cursor_.IsWord("TRIM")) return ParseTrim();
    if (cursor_.IsWord("POSITION")) return ParsePosition();
  }
  *found = false;
  return Expression();
}

Result<Expression> ExpressionParser::ParseCase() {
  const size_t begin = cursor_.position();
  cursor_.Next();
  std::optional<Expression> subject;
  int height = 0;
  if (!cursor_.IsWord("WHEN")) {
    SLUICE_ASSIGN(subject, Parse());
    height = height_;
  }
  std::vector<Expression> arguments;
  while (cursor_.AcceptWord("WHEN")) {
    const size_t at = cursor_.position();
    SLUICE_ASSIGN(Expression condition, Parse());
    height = std::max(height, height_ + 1);
    if (subject) condition = Call("=", at, *subject, std::move(condition));
    arguments.push_back(std::move(condition));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("THEN"));
    SLUICE_ASSIGN(Expression value, Parse());
    height = std::max(height, height_);
    arguments.push_back(std::move(value));
  }
  if (arguments.empty()) return cursor_.SyntaxError("WHEN was expected.");
  if (cursor_.AcceptWord("ELSE")) {
    SLUICE_ASSIGN(Expression value, Parse());
    height = std::max(height, height_);
    arguments.push_back(std::move(value));
  }
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("END"));
  SLUICE_RETURN_IF_ERROR(SetHeight(height + 1));
  return CallList("when", begin, std::move(arguments));
}

Result<Expression> ExpressionParser::ParseCast(Expression::Cast::EvalMode mode) {
  const size_t begin = cursor_.position();
  cursor_.Next();
  cursor_.Next();
  Expression cast;
  SLUICE_ASSIGN(*cast.mutable_cast()->mutable_expr(), Parse());
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("AS"));
  SLUICE_ASSIGN(*cast.mutable_cast()->mutable_type_str(), ParseTypeText());
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  cast.mutable_cast()->set_eval_mode(mode);
  cursor_.SetOrigin(&cast, begin);
  SLUICE_RETURN_IF_ERROR(SetHeight(height_ + 1));
  return cast;
}

Result<std::string> ExpressionParser::ParseTypeText() {
  const size_t begin = cursor_.position();
  SLUICE_ASSIGN(std::string name, cursor_.ExpectName("A type"));
  if (EqualsIgnoringCase(name, "interval") && cursor_.IsName()) {  // DAY TO SECOND
    cursor_.Next();
    if (cursor_.AcceptWord("TO")) SLUICE_RETURN_IF_ERROR(cursor_.ExpectName("A field of an interval").status());
  }
  if (cursor_.IsSymbol("<") || cursor_.IsSymbol("(")) {
    int depth = 0;
    do {
      if (cursor_.AtEnd()) return cursor_.SyntaxError("the type is not closed.");
      const std::string& symbol = cursor_.Next().text;
      if (symbol == "<" || symbol == "(") ++depth;
      if (symbol == ">" || symbol == ")") --depth;
      if (symbol == ">>") depth -= 2;
      if (symbol == ">>>") depth -= 3;
    } while (depth > 0);
  }
  const std::string text = cursor_.TextSince(begin);
  const Result<std::shared_ptr<arrow::DataType>> type = ParseSparkType(text);
  if (!type.ok()) return WithPlace(type.status(), cursor_.PlaceOf(begin));
  return text;
}

// EXTRACT(YEAR FROM value)
Result<Expression> ExpressionParser::ParseExtract() {
  const size_t begin = cursor_.position();
  cursor_.Next();
  cursor_.Next();
  Expression field = StringLiteral(cursor_.Next().text);
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("FROM"));
  SLUICE_ASSIGN(Expression source, Parse());
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  SLUICE_RETURN_IF_ERROR(SetHeight(height_ + 1));
  return Call("extract", begin, std::move(field), std::move(source));
}

// SUBSTRING(value FROM begin [FOR length]) besides the form with commas.
Result<Expression> ExpressionParser::ParseSubstring() {
  const size_t begin = cursor_.position();
  const std::string name = cursor_.Next().text;
  cursor_.Next();
  std::vector<Expression> arguments;
  int height = 0;
  if (!cursor_.IsSymbol(")")) {
    do {
      SLUICE_ASSIGN(Expression argument, ParseArgument());
      height = std::max(height, height_);
      arguments.push_back(std::move(argument));
    } while (cursor_.AcceptSymbol(",") || cursor_.AcceptWord("FROM") || cursor_.AcceptWord("FOR"));
  }
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  SLUICE_RETURN_IF_ERROR(SetHeight(height + 1));
  return CallList(LowerCase(name), begin, std::move(arguments));
}

// TRIM([BOTH|LEADING|TRAILING] [characters] FROM value) besides trim(value) and trim(characters, value).
Result<Expression> ExpressionParser::ParseTrim() {
  const size_t begin = cursor_.position();
  cursor_.Next();
  cursor_.Next();
  std::string function = "trim";
  if (cursor_.IsAnyWord({"BOTH", "LEADING", "TRAILING"}) && !cursor_.IsSymbol(")", 1) && !cursor_.IsSymbol(",", 1)) {
    function = cursor_.IsWord("LEADING") ? "ltrim" : cursor_.IsWord("TRAILING") ? "rtrim" : "trim";
    cursor_.Next();
  }
  std::vector<Expression> arguments;
  int height = 0;
  if (!cursor_.IsSymbol(")")) {
    do {
      if (cursor_.IsWord("FROM")) continue;
      SLUICE_ASSIGN(Expression argument, ParseArgument());
      height = std::max(height, height_);
      arguments.push_back(std::move(argument));
    } while (cursor_.AcceptSymbol(",") || cursor_.AcceptWord("FROM"));
  }
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  SLUICE_RETURN_IF_ERROR(SetHeight(height + 1));
  return CallList(function, begin, std::move(arguments));
}

// POSITION(part IN value) besides position(part, value[, start]).
Result<Expression> ExpressionParser::ParsePosition() {
  const size_t begin = cursor_.position();
  cursor_.Next();
  cursor_.Next();
  std::vector<Expression> arguments;
  int height = 0;
  do {
    SLUICE_ASSIGN(Expression argument, ParseBinary(1));
    height = std::max(height, height_);
    arguments.push_back(std::move(argument));
  } while (cursor_.AcceptSymbol(",") || cursor_.AcceptWord("IN"));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  SLUICE_RETURN_IF_ERROR(SetHeight(height + 1));
  return CallList("locate", begin, std::move(arguments));
}

// A name of one or more parts; a call when "(" follows; t.* for a star.
Result<Expression> ExpressionParser::ParseNameOrCall() {
  const size_t begin = cursor_.position();
  if (cursor_.IsSymbol("->", 1)) return ParseLambda(begin);
  const bool quoted = cursor_.Peek().kind == TokenKind::kQuotedName;
  std::string first = cursor_.Next().text;
  std::string name = quoted ? QuoteNameIfNeeded(first) : first;
  bool plain = !quoted;
  SLUICE_RETURN_IF_ERROR(SetHeight(1));
  while (cursor_.IsSymbol(".")) {
    if (cursor_.IsSymbol("*", 1)) {
      cursor_.Next();
      cursor_.Next();
      Expression star;
      star.mutable_unresolved_star()->set_unparsed_target(name + ".*");
      cursor_.SetOrigin(&star, begin);
      return star;
    }
    if (!cursor_.IsName(1)) break;
    cursor_.Next();
    plain = false;
    name += "." + QuoteNameIfNeeded(cursor_.Next().text);
  }
  if (cursor_.IsSymbol("(")) return ParseCall(plain ? first : name, begin);
  Expression attribute = AttributeOf(name);
  cursor_.SetOrigin(&attribute, begin);
  return attribute;
}

// An argument of a call: expression or name => expression.
Result<Expression> ExpressionParser::ParseArgument() {
  const size_t begin = cursor_.position();
  if (!cursor_.IsName() || !cursor_.IsSymbol("=>", 1)) {
    SLUICE_ASSIGN(Expression value, Parse());
    if (!cursor_.AcceptWord("AS")) return value;
    // struct(1 AS a) names a field; elsewhere the name means nothing.
    Expression alias;
    SLUICE_ASSIGN(*alias.mutable_alias()->add_name(), cursor_.ExpectName("a name"));
    *alias.mutable_alias()->mutable_expr() = std::move(value);
    cursor_.SetOrigin(&alias, begin);
    return alias;
  }
  Expression named;
  named.mutable_named_argument_expression()->set_key(cursor_.Next().text);
  cursor_.Next();
  SLUICE_ASSIGN(*named.mutable_named_argument_expression()->mutable_value(), Parse());
  cursor_.SetOrigin(&named, begin);
  return named;
}

Result<Expression> ExpressionParser::ParseCall(const std::string& name, size_t begin) {
  cursor_.Next();
  bool distinct = false;
  if (!cursor_.IsSymbol(")", 1) && !cursor_.IsSymbol(",", 1)) {
    distinct = cursor_.AcceptWord("DISTINCT");
    if (!distinct) cursor_.AcceptWord("ALL");
  }
  std::vector<Expression> arguments;
  int height = 0;
  if (!cursor_.IsSymbol(")")) {
    do {
      SLUICE_ASSIGN(Expression argument, ParseArgument());
      height = std::max(height, height_);
      arguments.push_back(std::move(argument));
    } while (cursor_.AcceptSymbol(","));
  }
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  SLUICE_RETURN_IF_ERROR(SetHeight(height + 1));
  Expression call = CallList(name, begin, std::move(arguments));
  call.mutable_unresolved_function()->set_is_distinct(distinct);
  return ParseCallTail(std::move(call), begin);
}

// :name or ?, whose value the caller gave.
Result<Expression> ExpressionParser::ParseParameter() {
  const size_t begin = cursor_.position();
  const bool named = cursor_.Next().text == ":";
  SLUICE_RETURN_IF_ERROR(SetHeight(1));
  if (!named) {
    const auto index = cursor_.ParametersBefore(begin);
    if (index < options_.positional.size()) return options_.positional[index];
    return WithPlace(UserError("UNBOUND_SQL_PARAMETER", "A ? has no value: give one argument for each.",
                               {{"name", fmt::format("_{}", begin)}}),
                     cursor_.PlaceOf(begin));
  }
  SLUICE_ASSIGN(const std::string name, cursor_.ExpectName("A parameter's name"));
  const auto found = options_.named.find(name);
  if (found != options_.named.end()) return found->second;
  return WithPlace(
      UserError("UNBOUND_SQL_PARAMETER", fmt::format("The parameter :{} has no value.", name), {{"name", name}}),
      cursor_.PlaceOf(begin));
}

// IGNORE NULLS or RESPECT NULLS behind a call. The latter says what holds anyway, but Spark names the column otherwise.
Result<Expression> ExpressionParser::ParseNullsOption(Expression call) {
  if (!cursor_.IsAnyWord({"IGNORE", "RESPECT"}) || !cursor_.IsWord("NULLS", 1)) return call;
  const bool ignore = cursor_.IsWord("IGNORE");
  cursor_.Next();
  cursor_.Next();
  Expression outer;
  *outer.mutable_common() = call.common();
  outer.mutable_unresolved_function()->set_function_name(ignore ? "ignore_nulls" : "respect_nulls");
  outer.mutable_unresolved_function()->set_is_internal(true);
  *outer.mutable_unresolved_function()->add_arguments() = std::move(call);
  return outer;
}

// What may follow a call: WITHIN GROUP (ORDER BY ..), FILTER (WHERE c), IGNORE NULLS and OVER. An order of its own
// stands behind the call's arguments.
Result<Expression> ExpressionParser::ParseCallTail(Expression call, size_t begin) {
  if (cursor_.AcceptWords({"WITHIN", "GROUP"})) {
    const int height = height_;
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("ORDER"));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("BY"));
    do {
      SLUICE_ASSIGN(*call.mutable_unresolved_function()->add_arguments()->mutable_sort_order(), ParseSortOrder());
    } while (cursor_.AcceptSymbol(","));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    SLUICE_RETURN_IF_ERROR(SetHeight(std::max(height, height_) + 1));
  }
  SLUICE_ASSIGN(call, ParseNullsOption(std::move(call)));
  if (cursor_.IsWord("FILTER") && cursor_.IsSymbol("(", 1)) {
    const int height = height_;
    cursor_.Next();
    cursor_.Next();
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("WHERE"));
    SLUICE_ASSIGN(Expression condition, Parse());
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    SLUICE_RETURN_IF_ERROR(SetHeight(std::max(height, height_) + 1));
    call = Call("aggregate_filter", begin, std::move(call), std::move(condition));
    call.mutable_unresolved_function()->set_is_internal(true);
  }
  SLUICE_ASSIGN(call, ParseNullsOption(std::move(call)));
  if (cursor_.IsWord("OVER") && (cursor_.IsSymbol("(", 1) || cursor_.IsName(1))) {
    return ParseOver(std::move(call), begin);
  }
  return call;
}

}  // namespace sluice::sql
