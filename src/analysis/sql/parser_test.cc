// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/parser.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"

namespace sluice {
namespace {

using spark::connect::Expression;

std::string Show(const Expression& e);

std::string ShowLiteral(const Expression::Literal& literal) {
  switch (literal.literal_type_case()) {
    case Expression::Literal::kInteger:
      return std::to_string(literal.integer());
    case Expression::Literal::kLong:
      return std::to_string(literal.long_()) + "L";
    case Expression::Literal::kShort:
      return std::to_string(literal.short_()) + "S";
    case Expression::Literal::kByte:
      return std::to_string(literal.byte()) + "Y";
    case Expression::Literal::kDouble:
      return fmt::format("{}D", literal.double_());
    case Expression::Literal::kFloat:
      return fmt::format("{}F", literal.float_());
    case Expression::Literal::kDecimal:
      return fmt::format("{}BD({},{})", literal.decimal().value(), literal.decimal().precision(),
                         literal.decimal().scale());
    case Expression::Literal::kString:
      return "'" + literal.string() + "'";
    case Expression::Literal::kBoolean:
      return literal.boolean() ? "true" : "false";
    case Expression::Literal::kNull:
      return "null";
    case Expression::Literal::kDate:
      return fmt::format("date:{}", literal.date());
    case Expression::Literal::kTimestamp:
      return fmt::format("timestamp:{}", literal.timestamp());
    case Expression::Literal::kBinary:
      return fmt::format("binary:{}", literal.binary());
    default:
      return "?";
  }
}

std::string ShowCall(const Expression::UnresolvedFunction& call) {
  std::string text = "(" + call.function_name() + (call.is_distinct() ? " distinct" : "");
  for (const Expression& argument : call.arguments()) text += " " + Show(argument);
  return text + ")";
}

// An expression as a list: (+ a (* b 2)).
std::string Show(const Expression& e) {
  switch (e.expr_type_case()) {
    case Expression::kLiteral:
      return ShowLiteral(e.literal());
    case Expression::kUnresolvedAttribute:
      return e.unresolved_attribute().unparsed_identifier();
    case Expression::kUnresolvedFunction:
      return ShowCall(e.unresolved_function());
    case Expression::kUnresolvedStar:
      return e.unresolved_star().has_unparsed_target() ? e.unresolved_star().unparsed_target() : "*";
    case Expression::kAlias:
      return "(as " + Show(e.alias().expr()) + " " + e.alias().name(0) + ")";
    case Expression::kCast:
      return fmt::format("({} {} {})", e.cast().eval_mode() == Expression::Cast::EVAL_MODE_TRY ? "try_cast" : "cast",
                         Show(e.cast().expr()), e.cast().type_str());
    case Expression::kUnresolvedExtractValue:
      return "(at " + Show(e.unresolved_extract_value().child()) + " " +
             Show(e.unresolved_extract_value().extraction()) + ")";
    case Expression::kNamedArgumentExpression:
      return "(=> " + e.named_argument_expression().key() + " " + Show(e.named_argument_expression().value()) + ")";
    default:
      return "?";
  }
}

struct Case {
  const char* sql;
  const char* tree;  // or the class of the error
};

std::string Parsed(const std::string& sql) {
  const Result<Expression> expression = ParseExpressionSql(sql, {});
  if (expression.ok()) return Show(*expression);
  const SparkErrorDetail* error = FindSparkError(expression.status());
  return error == nullptr ? expression.status().ToString() : error->error_class;
}

void CheckTrees(const std::vector<Case>& cases) {
  for (const Case& test : cases) EXPECT_EQ(Parsed(test.sql), test.tree) << test.sql;
}

TEST(ExpressionParserTest, NamesNumbersAndStrings) {
  CheckTrees({
      {"a", "a"},
      {"`a b`.c", "`a b`.c"},
      {"a.`b`", "a.b"},
      {"*", "*"},
      {"t.*", "t.*"},
      {"a as b", "(as a b)"},
      {"a b", "(as a b)"},
      {"a AS `b c`", "(as a b c)"},
      {"1+2*3", "(+ 1 (* 2 3))"},
      {"(1+2)*3", "(* (+ 1 2) 3)"},
      {"1-2-3", "(- (- 1 2) 3)"},
      {"a || b || 'c'", "(concat (concat a b) 'c')"},
      {"1 | 2 ^ 3 & 4 << 1", "(| 1 (^ 2 (& 3 (<< 4 1))))"},
      {"a DIV 2 % 3", "(% (div a 2) 3)"},
      {"-a", "(negative a)"},
      {"-1", "-1"},
      {"- - 1", "(negative -1)"},
      {"2147483648", "2147483648L"},
      {"-2147483648", "-2147483648"},
      {"9223372036854775808", "9223372036854775808BD(19,0)"},
      {"1.50", "1.50BD(3,2)"},
      {"0.05", "0.05BD(2,2)"},
      {"1e2", "100D"},
      {"1.5e-1D", "0.15D"},
      {"2.5F", "2.5F"},
      {"1L", "1L"},
      {"-128Y", "-128Y"},
      {"128Y", "INVALID_NUMERIC_LITERAL_RANGE"},
      {"7BD", "7BD(1,0)"},
      {"'it''s'", "'it's'"},
      {"'a' 'b'", "'ab'"},
      {"'\\t'", "'\t'"},
      {"r'\\t'", "'\\t'"},
      {"\"x\"", "'x'"},
      {"'\\101'", "'A'"},
      {"'\\u00e9'", "'\xC3\xA9'"},
      {"'a\\%b'", "'a\\%b'"},
      {"X'4142'", "binary:AB"},
      {"DATE '1970-01-02'", "date:1"},
      {"timestamp '1970-01-01 00:00:01'", "timestamp:1000000"},
      {"DATE 'x'", "INVALID_TYPED_LITERAL"},
      {"date", "date"},
      {"date(a)", "(date a)"},
  });
}

TEST(ExpressionParserTest, OperatorsAndForms) {
  CheckTrees({
      {"a = 1 and b or not c", "(or (and (= a 1) b) (not c))"},
      {"not a = 1", "(not (= a 1))"},
      {"!a", "(not a)"},
      {"a <=> null", "(<=> a null)"},
      {"a is null", "(isnull a)"},
      {"a is not null", "(isnotnull a)"},
      {"a is true", "(<=> a true)"},
      {"a is not false", "(not (<=> a false))"},
      {"a is distinct from b", "(not (<=> a b))"},
      {"a is not distinct from b", "(<=> a b)"},
      {"a in (1, 2)", "(in a 1 2)"},
      {"a not in (1)", "(not (in a 1))"},
      {"a between 1 and 2 and b", "(and (between a 1 2) b)"},
      {"a not between 1 and 2", "(not (between a 1 2))"},
      {"a like 'x%'", "(like a 'x%')"},
      {"a not like 'x' escape '!'", "(not (like a 'x' '!'))"},
      {"a rlike 'x' or a regexp 'y'", "(or (rlike a 'x') (rlike a 'y'))"},
      {"case when a then 1 else 2 end", "(when a 1 2)"},
      {"case a when 1 then 'x' when 2 then 'y' end", "(when (= a 1) 'x' (= a 2) 'y')"},
      {"cast(a as decimal(10, 2))", "(cast a decimal(10, 2))"},
      {"try_cast(a as array<struct<x:int>>)", "(try_cast a array<struct<x:int>>)"},
      {"a::int::string", "(cast (cast a int) string)"},
      {"-a::int", "(negative (cast a int))"},
      {"a[0].b", "(at (at a 0) 'b')"},
      {"split(a, '\\t')[1]", "(at (split a '\t') 1)"},
      {"count(*)", "(count *)"},
      {"count(distinct a, b)", "(count distinct a b)"},
      {"sum(a) filter (where b)", "(aggregate_filter (sum a) b)"},
      {"f(x => 1)", "(f (=> x 1))"},
      {"substring(a from 2 for 3)", "(substring a 2 3)"},
      {"trim(both 'x' from a)", "(trim 'x' a)"},
      {"trim(leading from a)", "(ltrim a)"},
      {"extract(year from a)", "(extract 'year' a)"},
      {"position('a' in b)", "(locate 'a' b)"},
      {"(a, b)", "(struct a b)"},
      {"current_timestamp", "current_timestamp"},
      {"a /* c */ + -- d\n 1", "(+ a 1)"},
  });
}

TEST(ExpressionParserTest, RefusedByName) {
  CheckTrees({
      {"(select 1)", "UNSUPPORTED_FEATURE.SLUICE"},
      {"a in (select 1)", "UNSUPPORTED_FEATURE.SLUICE"},
      {"exists (select 1)", "UNSUPPORTED_FEATURE.SLUICE"},
      {":name", "UNBOUND_SQL_PARAMETER"},
      {"sum(a) over w", "MISSING_WINDOW_SPECIFICATION"},
  });
}

TEST(ExpressionParserTest, NotSql) {
  CheckTrees({
      {"", "PARSE_SYNTAX_ERROR"},
      {"a +", "PARSE_SYNTAX_ERROR"},
      {"(a", "PARSE_SYNTAX_ERROR"},
      {"'a", "PARSE_SYNTAX_ERROR"},
      {"`a", "PARSE_SYNTAX_ERROR"},
      {"a b c", "PARSE_SYNTAX_ERROR"},
      {"a # b", "PARSE_SYNTAX_ERROR"},
      {"f(,)", "PARSE_SYNTAX_ERROR"},
      {"case a end", "PARSE_SYNTAX_ERROR"},
      {"/* open", "PARSE_SYNTAX_ERROR"},
      {"\xff", "PARSE_SYNTAX_ERROR"},
  });
}

TEST(ExpressionParserTest, HexadecimalDigitsMayBeOdd) {
  EXPECT_EQ(Parsed("X'0'"), std::string("binary:\0", 8));
}

TEST(ExpressionParserTest, LongChainsStayFlat) {
  std::string chain = "a = 0";
  for (int i = 1; i < 5000; ++i) chain += fmt::format(" OR a = {}", i);
  EXPECT_TRUE(ParseExpressionSql(chain, {}).ok());
}

TEST(ExpressionParserTest, NestingIsBounded) {
  const auto repeated = [](const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  const std::string hostile[] = {
      repeated("(", 5000),
      repeated("NOT ", 5000) + "a",
      repeated("- ", 5000) + "a",
      "a" + repeated(" + 1", 5000),
      "a" + repeated("[0]", 5000),
      "a" + repeated("::int", 5000),
      repeated("f(", 5000),
      repeated("CASE WHEN ", 5000),
      repeated("(", 150) + "a" + repeated("+1)", 150) + repeated(" + 1", 250),
  };
  for (const std::string& sql : hostile) {
    const Result<Expression> parsed = ParseExpressionSql(sql, {});
    ASSERT_FALSE(parsed.ok()) << sql.substr(0, 40);
    EXPECT_TRUE(HasErrorClass(parsed.status(), "FAILED_TO_PARSE_TOO_COMPLEX"))
        << parsed.status().ToString().substr(0, 200);
  }
  for (const std::string& sql :
       {"SELECT * FROM " + repeated("(SELECT * FROM ", 5000), "SELECT 1 FROM " + repeated("(", 5000)}) {
    EXPECT_TRUE(HasErrorClass(ParseQuerySql(sql, {}).status(), "FAILED_TO_PARSE_TOO_COMPLEX"));
  }
}

TEST(QueryParserTest, ErrorsCarryTheirPlace) {
  const Status status = ParseQuerySql("SELECT a,\n  b FROM t\n WHERE = c", {}).status();
  const SparkErrorDetail* error = FindSparkError(status);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->error_class, "PARSE_SYNTAX_ERROR");
  EXPECT_EQ(error->sqlstate, "42601");
  ASSERT_TRUE(error->place.has_value());
  EXPECT_EQ(error->place->line, 3);
  EXPECT_EQ(error->place->column, 8);
  EXPECT_NE(error->message.find("'='"), std::string::npos) << error->message;
}

TEST(QueryParserTest, ExpressionsCarryTheirPlace) {
  const auto relation = ParseQuerySql("SELECT a\n  , upper(b) FROM t", {}).ValueOrDie();
  const auto& origin = relation.project().expressions(1).common().origin().jvm_origin();
  EXPECT_EQ(origin.line(), 2);
  EXPECT_EQ(origin.start_position(), 4);
  EXPECT_EQ(origin.sql_text(), "upper(b)");
}

TEST(QueryParserTest, WordsAndStatementsHaveABound) {
  std::string list = "SELECT 1 IN (0";
  for (int i = 0; i < 125'000; ++i) list += ",1";
  EXPECT_TRUE(HasErrorClass(ParseQuerySql(list + ")", {}).status(), "FAILED_TO_PARSE_TOO_COMPLEX"));
  std::string sets;
  for (int i = 0; i < 100'000; ++i) sets += "SET my.key = 1;\n";
  EXPECT_EQ(ParseScriptSql(sets, {}, "").ValueOrDie().statements.size(), 100'000U) << "in linear memory and time";
  std::string selects;
  for (int i = 0; i < 1'001; ++i) selects += "SELECT 1;\n";
  EXPECT_TRUE(HasErrorClass(ParseScriptSql(selects, {}, "").status(), "FAILED_TO_PARSE_TOO_COMPLEX"));
  EXPECT_TRUE(ParseScriptSql(selects.substr(10), {}, "").ok());
}

TEST(QueryParserTest, RefusedByName) {
  const Case cases[] = {
      {"SELECT * FROM t GROUP BY ALL", "GROUP BY ALL beside *"},
      {"SELECT *, a FROM t ORDER BY ALL", "ORDER BY ALL beside *"},
      {"SELECT * FROM t VERSION AS OF 1", "Time travel"},
      {"SELECT a FROM t LIMIT 1 + 1", "LIMIT"},
  };
  for (const Case& test : cases) {
    const Status status = ParseQuerySql(test.sql, {}).status();
    EXPECT_TRUE(HasErrorClass(status, "UNSUPPORTED_FEATURE.SLUICE")) << test.sql << ": " << status.ToString();
    EXPECT_NE(status.message().find(test.tree), std::string::npos) << status.message();
  }
}

}  // namespace
}  // namespace sluice
