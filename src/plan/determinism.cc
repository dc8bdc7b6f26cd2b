// SPDX-License-Identifier: Apache-2.0
#include "plan/determinism.h"

#include <algorithm>
#include <variant>

#include "plan/rewrite.h"

namespace sluice {
namespace {

bool IsDeterministic(const ExprPtr& expr) {
  return expr->deterministic() && std::all_of(expr->children().begin(), expr->children().end(),
                                              [](const ExprPtr& child) { return IsDeterministic(child); });
}

// What a node computes by other means than its expressions.
bool OwnWorkIsDeterministic(const PlanNode& node) {
  return std::visit(
      [](const auto& op) {
        if constexpr (requires { op.deterministic(); }) return op.deterministic();
        return true;
      },
      node.op);
}

}  // namespace

bool IsDeterministic(const PlanNode& plan) {
  const std::vector<ExprPtr> exprs = ExpressionsOf(plan);
  return OwnWorkIsDeterministic(plan) &&
         std::all_of(exprs.begin(), exprs.end(), [](const ExprPtr& expr) { return IsDeterministic(expr); }) &&
         std::all_of(plan.inputs.begin(), plan.inputs.end(),
                     [](const PlanPtr& input) { return IsDeterministic(*input); });
}

}  // namespace sluice
