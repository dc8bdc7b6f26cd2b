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

}  // namespace

PlanPtr PushFilters(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    if (node->kind != PlanKind::kFilter) return nullptr;
    const PlanPtr& project = node->inputs[0];
    if (project->kind != PlanKind::kProject || !AllDeterministic(project->exprs) || !node->exprs[0]->deterministic() ||
        !ReadsPassedColumns(node->exprs[0], *project)) {
      return nullptr;
    }
    auto filter = std::make_shared<PlanNode>(*node);
    filter->exprs[0] = SubstituteColumns(node->exprs[0], project->exprs);
    filter->inputs = project->inputs;
    filter->schema = project->inputs[0]->schema;
    auto above = std::make_shared<PlanNode>(*project);
    above->inputs = {std::move(filter)};
    return above;
  });
}

}  // namespace sluice
