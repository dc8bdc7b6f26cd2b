// SPDX-License-Identifier: Apache-2.0
#include "plan/determinism.h"

#include <algorithm>

namespace sluice {
namespace {

bool IsDeterministic(const ExprPtr& expr) {
  return expr->deterministic() && std::all_of(expr->children().begin(), expr->children().end(),
                                              [](const ExprPtr& child) { return IsDeterministic(child); });
}

}  // namespace

bool IsDeterministic(const PlanNode& plan) {
  const auto all = [](const std::vector<ExprPtr>& exprs) {
    return std::all_of(exprs.begin(), exprs.end(), [](const ExprPtr& expr) { return IsDeterministic(expr); });
  };
  return all(plan.exprs) &&
         std::all_of(plan.aggregates.begin(), plan.aggregates.end(),
                     [&](const AggregateCall& call) {
                       return all(call.args) && (call.filter == nullptr || IsDeterministic(call.filter));
                     }) &&
         std::all_of(plan.inputs.begin(), plan.inputs.end(),
                     [](const PlanPtr& input) { return IsDeterministic(*input); });
}

}  // namespace sluice
