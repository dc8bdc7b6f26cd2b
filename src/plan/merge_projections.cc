// SPDX-License-Identifier: Apache-2.0
#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {
namespace {

bool IsIdentity(const PlanNode& project) {
  const std::vector<ExprPtr>& exprs = project.Get<plan::Project>().exprs;
  const arrow::Schema& below = *project.inputs[0]->schema;
  if (below.num_fields() != project.schema->num_fields()) return false;
  for (int i = 0; i < below.num_fields(); ++i) {
    const auto* column = dynamic_cast<const ColumnExpr*>(exprs[static_cast<size_t>(i)].get());
    if (column == nullptr || column->index() != i) return false;
    if (!below.field(i)->Equals(*project.schema->field(i))) return false;
  }
  return true;
}

}  // namespace

PlanPtr MergeProjections(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    if (!node->Is<plan::Project>()) return nullptr;
    const PlanPtr& input = node->inputs[0];
    const auto* inner = input->As<plan::Project>();
    if (inner == nullptr || !AllDeterministic(inner->exprs)) return IsIdentity(*node) ? input : nullptr;
    auto merged = std::make_shared<PlanNode>(*node);
    merged->inputs = input->inputs;
    for (ExprPtr& expr : merged->Get<plan::Project>().exprs) expr = SubstituteColumns(expr, inner->exprs);
    return IsIdentity(*merged) ? merged->inputs[0] : merged;
  });
}

}  // namespace sluice
