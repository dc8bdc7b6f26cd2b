// SPDX-License-Identifier: Apache-2.0
#include "plan/determinism.h"

#include <algorithm>

#include "plan/rewrite.h"

namespace sluice {
namespace {

bool IsDeterministic(const ExprPtr& expr) {
  return expr->deterministic() && std::all_of(expr->children().begin(), expr->children().end(),
                                              [](const ExprPtr& child) { return IsDeterministic(child); });
}

}  // namespace

bool IsDeterministic(const PlanNode& plan) {
  const std::vector<ExprPtr> exprs = ExpressionsOf(plan);
  return std::all_of(exprs.begin(), exprs.end(), [](const ExprPtr& expr) { return IsDeterministic(expr); }) &&
         std::all_of(plan.inputs.begin(), plan.inputs.end(),
                     [](const PlanPtr& input) { return IsDeterministic(*input); });
}

}  // namespace sluice
