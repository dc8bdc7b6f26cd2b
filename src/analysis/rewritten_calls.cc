// SPDX-License-Identifier: Apache-2.0
// Calls that Spark turns into other expressions, and how their columns are called then.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/expression_resolver.h"
#include "analysis/shown_expr.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "expr/cast.h"
#include "expr/coercion.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

ExprPtr Shown(ExprPtr value, std::string text) {
  return std::make_shared<ShownExpr>(std::move(value), std::move(text));
}

// The function of a field of EXTRACT, or null.
const char* FunctionOfField(const std::string& field) {
  struct Row {
    const char* field;
    const char* function;
  };
  static constexpr Row kRows[] = {
      {"year", "year"},     {"years", "year"},          {"quarter", "quarter"}, {"month", "month"},
      {"months", "month"},  {"week", "weekofyear"},     {"day", "day"},         {"days", "day"},
      {"dow", "dayofweek"}, {"dayofweek", "dayofweek"}, {"doy", "dayofyear"},   {"hour", "hour"},
      {"hours", "hour"},    {"minute", "minute"},       {"minutes", "minute"}};
  for (const Row& row : kRows) {
    if (field == row.field) return row.function;
  }
  return nullptr;
}

// timestampadd and timestampdiff have other names too, with three arguments.
const char* FunctionByUnit(const std::string& name) {
  if (name == "timestampadd" || name == "dateadd" || name == "date_add") return "timestampadd";
  if (name == "timestampdiff" || name == "datediff" || name == "date_diff" || name == "timediff")
    return "timestampdiff";
  return nullptr;
}

// int(x), date(x) and the like are casts.
bool IsCastFunction(const std::string& name) {
  static constexpr std::string_view kNames[] = {"boolean", "tinyint", "smallint", "int",       "bigint", "float",
                                                "double",  "decimal", "date",     "timestamp", "binary", "string"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

Result<ExprPtr> ExpressionResolver::ResolveRewritten(const std::string& name,
                                                     const Expression::UnresolvedFunction& call) {
  const int count = call.arguments_size();
  if (name == "between" && count == 3) {
    SLUICE_ASSIGN(const std::vector<ExprPtr> args, ResolveArguments(call));
    SLUICE_ASSIGN(ExprPtr above, ResolveFunction(">=", {args[0], args[1]}, options_));
    SLUICE_ASSIGN(ExprPtr below, ResolveFunction("<=", {args[0], args[2]}, options_));
    SLUICE_ASSIGN(ExprPtr both, ResolveFunction("and", {std::move(above), std::move(below)}, options_));
    return Shown(std::move(both),
                 fmt::format("between({}, {}, {})", DisplayName(args[0]), DisplayName(args[1]), DisplayName(args[2])));
  }
  if (const char* by_unit = FunctionByUnit(name); by_unit != nullptr && count == 3) {
    // The unit is a word in SQL, which is parsed as a column's name.
    Expression::UnresolvedFunction renamed = call;
    Expression& unit = *renamed.mutable_arguments(0);
    if (unit.has_unresolved_attribute()) {
      const std::string word = unit.unresolved_attribute().unparsed_identifier();
      unit.mutable_literal()->set_string(word);
    }
    SLUICE_ASSIGN(std::vector<ExprPtr> args, ResolveArguments(renamed));
    return ResolveFunction(by_unit, std::move(args), options_);
  }
  if (IsGenerator(name)) {
    // Inside of another expression it is refused once the whole is known.
    SLUICE_ASSIGN(const std::vector<NamedExpr> columns, ResolveGenerator(call, {}));
    return columns[0].expr;
  }
  if (IsWindowFunction(name)) {
    return UserError("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", fmt::format("The function {} needs OVER (..).", name),
                     {{"funcName", "\"" + name + "()\""}});
  }
  if (IsCastFunction(name) && !IsScalarFunction(name)) {
    SLUICE_RETURN_IF_ERROR(CheckCount(name, static_cast<size_t>(count), 1, 1));
    SLUICE_ASSIGN(ExprPtr value, ResolveShown(call.arguments(0)));
    SLUICE_ASSIGN(auto type, ParseSparkType(name));
    std::string shown = DisplayName(value);  // abs(double('1')) is named abs(1)
    const CastMode mode = options_.ansi ? CastMode::kAnsi : CastMode::kLegacy;
    SLUICE_ASSIGN(ExprPtr cast, MakeCast(std::move(value), std::move(type), mode));
    return Shown(std::move(cast), std::move(shown));
  }
  if ((name == "trim" || name == "ltrim" || name == "rtrim") && count == 2) {
    // Spark's order is characters, value; the table of functions has the value first.
    SLUICE_ASSIGN(std::vector<ExprPtr> args, ResolveArguments(call));
    std::swap(args[0], args[1]);
    return ResolveFunction(name, std::move(args), options_);
  }
  if (name == "positive" && count == 1 && !IsScalarFunction(name)) {
    SLUICE_ASSIGN(ExprPtr value, ResolveShown(call.arguments(0)));
    std::string text = fmt::format("(+ {})", DisplayName(value));
    return Shown(std::move(value), std::move(text));
  }
  if (name == "struct" && std::any_of(call.arguments().begin(), call.arguments().end(),
                                      [](const Expression& argument) { return argument.has_alias(); })) {
    return ResolveNamedFields(call);
  }
  const bool part = name == "extract" || name == "date_part" || name == "datepart";
  if (part && count == 2 && !IsScalarFunction(name) && call.arguments(0).literal().has_string()) {
    const std::string& field = call.arguments(0).literal().string();
    const char* function = FunctionOfField(sql::LowerCase(field));
    if (function == nullptr) return NotSupported(fmt::format("extract of {} is not supported by Sluice.", field));
    SLUICE_ASSIGN(ExprPtr source, ResolveShown(call.arguments(1)));
    std::string text = name == "extract" ? fmt::format("extract({} FROM {})", field, DisplayName(source))
                                         : fmt::format("{}({}, {})", name, field, DisplayName(source));
    SLUICE_ASSIGN(ExprPtr value, ResolveFunction(function, {std::move(source)}, options_));
    return Shown(std::move(value), std::move(text));
  }
  return ExprPtr();
}

// struct(1 AS a, b): a struct with the names that its arguments are given.
Result<ExprPtr> ExpressionResolver::ResolveNamedFields(const Expression::UnresolvedFunction& call) {
  std::vector<ExprPtr> args;
  std::string text;
  for (int i = 0; i < call.arguments_size(); ++i) {
    SLUICE_ASSIGN(ExprPtr value, ResolveShown(call.arguments(i)));
    const bool alias = call.arguments(i).has_alias();
    const auto* column = dynamic_cast<const ColumnExpr*>(value.get());
    const std::string name = alias    ? call.arguments(i).alias().name(0)
                             : column ? column->name()
                                      : fmt::format("col{}", i + 1);
    text += (i == 0 ? "" : ", ") + DisplayName(value) + (alias ? " AS " + name : "");
    args.push_back(
        std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(name))));
    args.push_back(std::move(value));
  }
  SLUICE_ASSIGN(ExprPtr value, ResolveFunction("named_struct", std::move(args), options_));
  return Shown(std::move(value), fmt::format("struct({})", text));
}

}  // namespace sluice
