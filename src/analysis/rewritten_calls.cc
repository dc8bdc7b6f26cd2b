// SPDX-License-Identifier: Apache-2.0
// Calls that Spark turns into other expressions, and how their columns are called then.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/expression_resolver.h"
#include "analysis/shown_expr.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::Expression;

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

// int(x), date(x) and the like are casts.
bool IsCastFunction(const std::string& name) {
  static constexpr std::string_view kNames[] = {"boolean", "tinyint", "smallint", "int",       "bigint", "float",
                                                "double",  "decimal", "date",     "timestamp", "binary", "string"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool IsGenerator(const std::string& name) {
  static constexpr std::string_view kNames[] = {"explode", "explode_outer", "posexplode", "posexplode_outer",
                                                "inline",  "inline_outer",  "stack",      "json_tuple"};
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
  if (IsGenerator(name) && !IsScalarFunction(name)) {
    return NotSupported(fmt::format("The generator function {} is not supported by Sluice.", name));
  }
  if (count == 1 && IsCastFunction(name) && !IsScalarFunction(name)) {
    SLUICE_ASSIGN(ExprPtr value, ResolveShown(call.arguments(0)));
    SLUICE_ASSIGN(auto type, ParseSparkType(name));
    return MakeCast(std::move(value), std::move(type), options_.ansi ? CastMode::kAnsi : CastMode::kLegacy);
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

}  // namespace sluice
