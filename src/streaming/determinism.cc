// SPDX-License-Identifier: Apache-2.0
#include "streaming/determinism.h"

#include <algorithm>

namespace sluice {
namespace {

bool IsDeterministic(const ExprPtr& expr) {
  return expr->deterministic() && std::all_of(expr->children().begin(), expr->children().end(),
                                              [](const ExprPtr& child) { return IsDeterministic(child); });
}

}  // namespace

bool IsDeterministic(const PlanNode& plan) {
  return std::all_of(plan.exprs.begin(), plan.exprs.end(), [](const ExprPtr& expr) { return IsDeterministic(expr); }) &&
         std::all_of(plan.inputs.begin(), plan.inputs.end(),
                     [](const PlanPtr& input) { return IsDeterministic(*input); });
}

}  // namespace sluice
