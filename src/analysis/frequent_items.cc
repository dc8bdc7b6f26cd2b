// SPDX-License-Identifier: Apache-2.0
#include "analysis/frequent_items.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "analysis/aggregate_builder.h"
#include "analysis/name_parts.h"
#include "analysis/relation_context.h"
#include "base/spark_error.h"

namespace sluice {

Result<PlanPtr> ResolveFrequentItems(const PlanPtr& input, const Scope& scope,
                                     const spark::connect::StatFreqItems& items, const SessionOptions& options) {
  constexpr double kLeast = 1e-4;
  const double support = items.has_support() ? items.support() : 0.01;
  if (!(support >= kLeast && support <= 1)) {
    return UserError("_LEGACY_ERROR_TEMP_3222",
                     fmt::format("The support of freqItems lies between 0.0001 and 1, and is not {}.", support));
  }
  const auto size =
      std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(static_cast<int32_t>(1 / support)));
  AggregateBuilder builder({}, {});
  std::vector<NamedExpr> output;
  for (const std::string& name : items.cols()) {
    SLUICE_ASSIGN(const auto parts, ParseNameParts(name));
    const Scope::Match match = scope.Find(parts);
    if (match.columns.size() > 1) return AmbiguousReference(parts, match.columns);
    if (match.columns.empty() || match.used != parts.size()) return UnresolvedColumn(parts, scope);
    SLUICE_ASSIGN(AggregateCall call,
                  ResolveAggregate("collect_frequent_items", {match.columns[0]->value, size}, false, options.ansi));
    const ExprPtr added = builder.AddCall(std::move(call));
    SLUICE_ASSIGN(ExprPtr value, builder.Lower(added));
    output.push_back({name + "_freqItems", std::move(value), {}});
  }
  return MakeProject(builder.Build(input), output);
}

}  // namespace sluice
