// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {
namespace {

ExprPtr ColumnOf(const arrow::Schema& schema, int index) {
  const auto& field = *schema.field(index);
  return std::make_shared<ColumnExpr>(index, field.name(), field.type(), field.nullable());
}

// The same rows with the inputs changed over, and the columns in their old order above.
PlanPtr Mirrored(const PlanNode& join) {
  const int left = join.inputs[0]->schema->num_fields();
  const int right = join.inputs[1]->schema->num_fields();
  auto mirrored = std::make_shared<PlanNode>(join);
  mirrored->inputs = {join.inputs[1], join.inputs[0]};
  mirrored->join = join.join == JoinType::kRight ? JoinType::kLeft : join.join;
  arrow::FieldVector fields(join.schema->fields().begin() + left, join.schema->fields().end());
  fields.insert(fields.end(), join.schema->fields().begin(), join.schema->fields().begin() + left);
  mirrored->schema = arrow::schema(std::move(fields));
  std::vector<ExprPtr> places;
  for (int i = 0; i < left; ++i) places.push_back(ColumnOf(*mirrored->schema, right + i));
  for (int i = 0; i < right; ++i) places.push_back(ColumnOf(*mirrored->schema, i));
  for (ExprPtr& expr : mirrored->exprs) expr = SubstituteColumns(expr, places);
  for (size_t pair = 0; pair < join.null_safe.size(); ++pair) {
    std::swap(mirrored->exprs[2 * pair], mirrored->exprs[2 * pair + 1]);
  }
  auto project = std::make_shared<PlanNode>();
  project->kind = PlanKind::kProject;
  project->schema = join.schema;
  project->exprs = std::move(places);
  project->inputs = {std::move(mirrored)};
  return project;
}

}  // namespace

PlanPtr StreamsOnTheLeft(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    if (node->kind != PlanKind::kJoin || IsStreaming(*node->inputs[0]) || !IsStreaming(*node->inputs[1]))
      return nullptr;
    const bool can = node->join == JoinType::kInner || node->join == JoinType::kRight;
    return can ? Mirrored(*node) : nullptr;
  });
}

}  // namespace sluice
