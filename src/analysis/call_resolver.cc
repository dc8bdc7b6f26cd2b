// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include "analysis/expression_resolver.h"
#include "analysis/missing_functions.h"
#include "analysis/shown_expr.h"
#include "analysis/sql/token_cursor.h"
#include "analysis/within_group.h"
#include "base/closest_name.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

using spark::connect::Expression;

// The DataFrame API's names for operators that SQL text spells otherwise.
std::string CanonicalName(const std::string& name) {
  std::string lower = sql::LowerCase(name);
  if (lower == "==") return "=";
  if (lower == "!") return "not";
  if (lower == "<>") return "!=";
  return lower;
}

bool IsUnqualifiedStar(const Expression& expression) {
  return expression.has_unresolved_star() && expression.unresolved_star().unparsed_target().empty();
}

// All names that a call may have, for suggestions.
const std::vector<std::string>& FunctionNames() {
  static const auto* names = [] {
    auto* all = new std::vector<std::string>(AggregateNames());
    for (const ScalarFunction& function : ScalarFunctions()) all->emplace_back(function.name);
    return all;
  }();
  return *names;
}

}  // namespace

Result<std::vector<ExprPtr>> ExpressionResolver::ResolveArguments(const Expression::UnresolvedFunction& call) {
  std::vector<ExprPtr> args;
  for (const Expression& argument : call.arguments()) {
    if (argument.has_sort_order()) continue;  // WITHIN GROUP
    if (argument.has_unresolved_star()) {
      SLUICE_ASSIGN(std::vector<NamedExpr> columns, ResolveNamed(argument));
      for (NamedExpr& column : columns) args.push_back(std::move(column.expr));
      continue;
    }
    if (argument.has_named_argument_expression()) {
      return UserError("NAMED_PARAMETERS_NOT_SUPPORTED",
                       fmt::format("The function {} takes no named arguments.", call.function_name()),
                       {{"functionName", "`" + call.function_name() + "`"}});
    }
    SLUICE_ASSIGN(ExprPtr arg, ResolveShown(argument));
    args.push_back(std::move(arg));
  }
  return args;
}

Result<ExprPtr> ExpressionResolver::ResolveCall(const std::string& given_name,
                                                const Expression::UnresolvedFunction& call) {
  const std::string name = CanonicalName(given_name);
  if ((name == "ignore_nulls" || name == "respect_nulls") && call.is_internal() && call.arguments_size() == 1) {
    // Of first, last and any_value it is an argument.
    Expression::UnresolvedFunction inner = call.arguments(0).unresolved_function();
    const std::string inner_name = NameWithNulls(CanonicalName(inner.function_name()));
    if (IsWindowFunction(inner_name)) return ResolveCall(inner_name, inner);
    const bool ignore = name == "ignore_nulls";
    if (ignore && CollectsValues(inner_name)) return ResolveAggregateCall(inner_name, inner, nullptr);
    const bool picks = inner_name == "first" || inner_name == "last" || inner_name == "any_value";
    if (!picks || inner.arguments_size() != 1) {
      return UserError("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                       fmt::format("The function {} takes no {} NULLS.", inner_name, ignore ? "IGNORE" : "RESPECT"));
    }
    inner.add_arguments()->mutable_literal()->set_boolean(ignore);
    return ResolveAggregateCall(inner_name, inner, nullptr);
  }
  if (name == "aggregate_filter" && call.is_internal() && call.arguments_size() == 2 &&
      call.arguments(0).has_unresolved_function()) {
    const auto& inner = call.arguments(0).unresolved_function();
    return ResolveAggregateCall(CanonicalName(inner.function_name()), inner, &call.arguments(1));
  }
  if ((name == "window" && call.arguments_size() > 1) || name == "session_window") {
    if (window_ != nullptr) return window_;
    return NotSupported(name + " in this place is not supported by Sluice: select it, or group by it.");
  }
  if (name == "grouping" || name == "grouping_id") return ResolveGrouping(name, call);
  if (IsAggregateFunction(name)) return ResolveAggregateCall(name, call, nullptr);
  if (HasOrder(call)) return OrderNotTaken(name);
  SLUICE_ASSIGN(ExprPtr rewritten, ResolveRewritten(name, call));
  if (rewritten != nullptr) return rewritten;
  if (call.is_distinct()) {
    if (IsScalarFunction(name)) {
      return UserError("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                       fmt::format("The function {} is no aggregate and takes no DISTINCT.", name));
    }
  }
  if (name.starts_with("input_file_") && call.arguments_size() == 0) {
    return NotSupported(fmt::format(
        "{} in this place is not supported by Sluice: select it right above the table that is read.", name));
  }
  if (!IsScalarFunction(name) && IsMissingFunction(name)) {
    return NotSupported(fmt::format("Spark's function {} is not there in Sluice.", name));
  }
  if (!IsScalarFunction(name)) {
    // Functions of the table come first, as in Spark.
    if (const auto function = catalog_->FindFunction(given_name)) return ResolvePython(function, call.arguments());
    return UserError("UNRESOLVED_ROUTINE",
                     fmt::format("There is no function {} here.{}", given_name, DidYouMean(name, FunctionNames())),
                     {{"routineName", "`" + given_name + "`"}});
  }
  if ((name == "current_database" || name == "current_schema") && call.arguments().empty()) {
    ExprPtr database = std::make_shared<LiteralExpr>(
        std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(catalog_->CurrentDatabase())));
    return std::make_shared<ShownExpr>(std::move(database), "current_schema()");
  }
  const ScalarFunction& function = *FindScalarFunction(name);
  if (function.lambdas != nullptr) return ResolveHigherOrder(function, call);
  SLUICE_ASSIGN(std::vector<ExprPtr> args, ResolveArguments(call));
  return ResolveFunction(name, std::move(args), options_);
}

// What GROUP BY with several sets of keys did to a row.
Result<ExprPtr> ExpressionResolver::ResolveGrouping(const std::string& name,
                                                    const Expression::UnresolvedFunction& call) {
  if (builder_ == nullptr || !builder_->has_sets()) {
    return UserError("UNSUPPORTED_GROUPING_EXPRESSION",
                     fmt::format("{} has a meaning with ROLLUP, CUBE and GROUPING SETS only.", name));
  }
  std::vector<ExprPtr> args;
  std::string shown;
  in_aggregate_ = true;
  Result<std::vector<ExprPtr>> resolved = ResolveArguments(call);
  in_aggregate_ = false;
  SLUICE_RETURN_IF_ERROR(resolved.status());
  for (const ExprPtr& arg : *resolved) {
    shown += (shown.empty() ? "" : ", ") + DisplayName(arg);
    args.push_back(WithoutShown(arg));
  }
  const std::string text = fmt::format("{}({})", name, shown);
  if (name == "grouping_id") {
    if (!args.empty() && !builder_->AreKeys(args)) {
      return UserError("GROUPING_ID_COLUMN_MISMATCH", fmt::format("The columns of {} are not those of GROUP BY.", text),
                       {{"groupingIdColumn", shown}, {"groupByColumns", shown}});
    }
    return std::make_shared<OutputExpr>(builder_->GroupingId(), text);
  }
  if (args.size() != 1) {
    return UserError(
        "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "grouping takes one column.",
        {{"functionName", "`grouping`"}, {"expectedNum", "1"}, {"actualNum", std::to_string(args.size())}});
  }
  SLUICE_ASSIGN(ExprPtr value, builder_->Grouping(args[0], options_));
  if (value != nullptr) return std::make_shared<OutputExpr>(std::move(value), text);
  return UserError("GROUPING_COLUMN_MISMATCH", fmt::format("The column of {} is not one of GROUP BY.", text),
                   {{"grouping", shown}, {"groupingColumns", shown}});
}

Result<ExprPtr> ExpressionResolver::ResolveAggregateCall(const std::string& name,
                                                         const Expression::UnresolvedFunction& call,
                                                         const Expression* filter) {
  if (!IsAggregateFunction(name)) {
    if (!IsScalarFunction(name)) {
      return UserError("UNRESOLVED_ROUTINE",
                       fmt::format("There is no function {} here.{}", name, DidYouMean(name, FunctionNames())),
                       {{"routineName", "`" + name + "`"}});
    }
    return UserError("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                     fmt::format("The function {} is no aggregate and takes no FILTER.", name));
  }
  if (in_aggregate_) {
    return UserError("NESTED_AGGREGATE_FUNCTION",
                     fmt::format("The aggregate {} stands inside another aggregate.", name));
  }
  if (builder_ == nullptr) {
    return UserError(
        "INVALID_WHERE_CONDITION",
        fmt::format("The aggregate {} has no meaning here; conditions on aggregates belong into HAVING.", name),
        {{"expressionList", name}});
  }
  in_aggregate_ = true;
  Result<std::vector<ExprPtr>> args = std::vector<ExprPtr>();
  const bool count_rows =
      name == "count" && !call.is_distinct() && call.arguments_size() == 1 && IsUnqualifiedStar(call.arguments(0));
  if (name == "count" && !count_rows && call.arguments_size() == 1 && call.arguments(0).has_unresolved_star() &&
      !IsUnqualifiedStar(call.arguments(0))) {
    in_aggregate_ = false;
    return UserError("INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT",
                     "count takes * alone, not the star of one relation.",
                     {{"tableName", call.arguments(0).unresolved_star().unparsed_target()}});
  }
  if (!count_rows) args = ResolveArguments(call);
  Result<std::vector<SortKey>> order = OrderOf(call, this);
  Result<ExprPtr> condition = ExprPtr();
  if (args.ok() && filter != nullptr) condition = ResolveCondition(*filter, "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN");
  in_aggregate_ = false;
  SLUICE_RETURN_IF_ERROR(args.status());
  SLUICE_RETURN_IF_ERROR(order.status());
  SLUICE_RETURN_IF_ERROR(condition.status());
  SLUICE_ASSIGN(AggregateCall resolved,
                ResolveWrittenAggregate(name, args.MoveValueUnsafe(), *order, call.is_distinct(), options_));
  for (ExprPtr& arg : resolved.args) arg = WithoutShown(arg);
  if (*condition != nullptr) {
    resolved.filter = *condition;
    resolved.display += fmt::format(" FILTER (WHERE {})", resolved.filter->ToString());
  }
  return builder_->AddCall(std::move(resolved));
}

}  // namespace sluice
