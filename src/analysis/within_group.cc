// SPDX-License-Identifier: Apache-2.0
#include "analysis/within_group.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <map>

#include "analysis/aggregate_builder.h"
#include "analysis/expression_resolver.h"
#include "base/spark_error.h"
#include "expr/coercion.h"

namespace sluice {
namespace {

using spark::connect::Expression;

bool IsText(const std::string& name) {
  return name == "listagg" || name == "string_agg";
}

bool IsExactPercentile(const std::string& name) {
  return name == "percentile_cont" || name == "percentile_disc";
}

Status Invalid(const std::string& name, const char* what, const std::string& why,
               std::map<std::string, std::string> parameters = {}) {
  parameters["funcName"] = "`" + name + "`";
  return UserError(fmt::format("INVALID_WITHIN_GROUP_EXPRESSION.{}", what), fmt::format("{} {}", name, why),
                   std::move(parameters));
}

ExprPtr Boolean(bool value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::BooleanScalar>(value));
}

// The delimiter, how each key is ordered, and the keys stand behind the value (aggregate_arguments.h).
Result<AggregateCall> OrderedText(std::vector<ExprPtr> args, const std::vector<SortKey>& order, bool distinct,
                                  const SessionOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("listagg", args.size(), 1, 2));
  if (distinct) {
    ExprNumbers numbers;
    if (order.size() != 1 || numbers.Of(order[0].expr) != numbers.Of(args[0])) {
      return Invalid(
          "listagg", "MISMATCH_WITH_DISTINCT_INPUT", "with DISTINCT can be ordered by its own argument only.",
          {{"funcArg", "\"" + args[0]->ToString() + "\""}, {"orderingExpr", "\"" + order[0].expr->ToString() + "\""}});
    }
  }
  if (args.size() == 1) args.push_back(std::make_shared<LiteralExpr>(arrow::MakeNullScalar(arrow::null())));
  std::string directions;
  std::string text;
  for (const SortKey& key : order) {
    directions += key.ascending ? 'a' : 'd';
    directions += key.nulls_first ? 'f' : 'l';
    text += fmt::format("{}{} {} NULLS {}", text.empty() ? "" : ", ", key.expr->ToString(),
                        key.ascending ? "ASC" : "DESC", key.nulls_first ? "FIRST" : "LAST");
  }
  args.push_back(std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(directions)));
  const std::string shown = fmt::format("listagg({}{}, {}) WITHIN GROUP (ORDER BY {})", distinct ? "DISTINCT " : "",
                                        args[0]->ToString(), args[1]->ToString(), text);
  for (const SortKey& key : order) args.push_back(key.expr);
  SLUICE_ASSIGN(AggregateCall call, ResolveAggregate("listagg", std::move(args), distinct, options.ansi));
  call.display = shown;
  return call;
}

Result<AggregateCall> ExactPercentile(const std::string& name, std::vector<ExprPtr> args, const SortKey& key,
                                      const SessionOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 1, 1));
  const std::string shown = fmt::format("{}({}) WITHIN GROUP (ORDER BY {}{})", name, args[0]->ToString(),
                                        key.expr->ToString(), key.ascending ? "" : " DESC");
  SLUICE_ASSIGN(AggregateCall call,
                ResolveAggregate(name, {key.expr, args[0], Boolean(!key.ascending)}, false, options.ansi));
  call.display = shown;
  return call;
}

Result<AggregateCall> OrderedAggregate(const std::string& name, std::vector<ExprPtr> args,
                                       const std::vector<SortKey>& order, bool distinct,
                                       const SessionOptions& options) {
  if (IsText(name)) return OrderedText(std::move(args), order, distinct, options);
  if (!IsExactPercentile(name) && name != "mode") return OrderNotTaken(name);
  if (distinct) return Invalid(name, "DISTINCT_UNSUPPORTED", "takes no DISTINCT with WITHIN GROUP (ORDER BY ..).");
  const bool one = order.size() == 1 && (name != "mode" || args.empty());
  if (!one) {
    return Invalid(name, "WRONG_NUM_ORDERINGS", "is ordered by one expression, and takes no other argument for it.",
                   {{"expectedNum", order.size() == 1 ? "0" : "1"}, {"actualNum", std::to_string(order.size())}});
  }
  if (name != "mode") return ExactPercentile(name, std::move(args), order[0], options);
  // Of several values that come most often, the first in the order.
  return ResolveAggregate("mode", {order[0].expr, Boolean(true), Boolean(!order[0].ascending)}, false, options.ansi);
}

// Fails where the function needs an order, or has arguments that only an order could mean.
Status CheckUnordered(const std::string& name, size_t arguments) {
  if (IsText(name) || (name == "mode" && arguments > 0)) return CheckCount(name, arguments, 1, 2);
  if (IsExactPercentile(name)) SLUICE_RETURN_IF_ERROR(CheckCount(name, arguments, 1, 1));
  if (!IsExactPercentile(name) && name != "mode") return Status::OK();
  return Invalid(name, "WITHIN_GROUP_MISSING", "needs WITHIN GROUP (ORDER BY ..).");
}

}  // namespace

bool HasOrder(const Expression::UnresolvedFunction& call) {
  return call.arguments_size() > 0 && call.arguments(call.arguments_size() - 1).has_sort_order();
}

Result<std::vector<SortKey>> OrderOf(const Expression::UnresolvedFunction& call, ExpressionResolver* resolver) {
  std::vector<SortKey> order;
  for (const Expression& argument : call.arguments()) {
    if (!argument.has_sort_order()) continue;
    const Expression::SortOrder& key = argument.sort_order();
    SLUICE_ASSIGN(ExprPtr value, resolver->Resolve(key.child()));
    order.push_back({std::move(value), key.direction() != Expression::SortOrder::SORT_DIRECTION_DESCENDING,
                     key.null_ordering() != Expression::SortOrder::SORT_NULLS_LAST});
  }
  return order;
}

Status OrderNotTaken(const std::string& name) {
  return UserError("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                   fmt::format("The function {} takes no WITHIN GROUP (ORDER BY ..).", name),
                   {{"prettyName", "`" + name + "`"}, {"syntax", "\"WITHIN GROUP (ORDER BY ...)\""}});
}

Result<AggregateCall> ResolveWrittenAggregate(const std::string& name, std::vector<ExprPtr> args,
                                              const std::vector<SortKey>& order, bool distinct,
                                              const SessionOptions& options) {
  if (!order.empty()) return OrderedAggregate(name, std::move(args), order, distinct, options);
  SLUICE_RETURN_IF_ERROR(CheckUnordered(name, args.size()));
  return ResolveAggregate(name, std::move(args), distinct, options.ansi);
}

std::string NameWithNulls(const std::string& name) {
  return name == "first_value" ? "first" : name == "last_value" ? "last" : name;
}

bool CollectsValues(const std::string& name) {
  return name == "collect_list" || name == "collect_set" || name == "array_agg";
}

}  // namespace sluice
