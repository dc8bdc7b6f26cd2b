// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {
namespace {

// Does the condition read only columns that the projection passes on as they are?
bool ReadsPassedColumns(const ExprPtr& condition, const PlanNode& project) {
  std::vector<bool> used(project.exprs.size(), false);
  MarkColumns(condition, &used);
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i] && dynamic_cast<const ColumnExpr*>(project.exprs[i].get()) == nullptr) return false;
  }
  return true;
}

PlanPtr FilterBelow(const PlanNode& filter, PlanPtr input, ExprPtr condition) {
  auto below = std::make_shared<PlanNode>(filter);
  below->exprs[0] = std::move(condition);
  below->schema = input->schema;
  below->inputs = {std::move(input)};
  return below;
}

// The filter below what it stands on, or null where it must stay.
PlanPtr Pushed(const PlanPtr& node) {
  if (node->kind != PlanKind::kFilter || !node->exprs[0]->deterministic()) return nullptr;
  const PlanPtr& input = node->inputs[0];
  if (input->kind == PlanKind::kUnion) {
    auto above = std::make_shared<PlanNode>(*input);
    for (PlanPtr& part : above->inputs) {
      const PlanPtr filter = FilterBelow(*node, part, node->exprs[0]);
      const PlanPtr lower = Pushed(filter);
      part = lower == nullptr ? filter : lower;
    }
    return above;
  }
  if (input->kind != PlanKind::kProject || !AllDeterministic(input->exprs) ||
      !ReadsPassedColumns(node->exprs[0], *input)) {
    return nullptr;
  }
  auto above = std::make_shared<PlanNode>(*input);
  above->inputs = {FilterBelow(*node, input->inputs[0], SubstituteColumns(node->exprs[0], input->exprs))};
  return above;
}

}  // namespace

PlanPtr PushFilters(const PlanPtr& plan) {
  return RewritePlan(plan, Pushed);
}

}  // namespace sluice
