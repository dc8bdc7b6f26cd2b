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
  plan::Join mirrored = join.Get<plan::Join>();
  if (mirrored.type == JoinType::kRight) mirrored.type = JoinType::kLeft;
  arrow::FieldVector fields(join.schema->fields().begin() + left, join.schema->fields().end());
  fields.insert(fields.end(), join.schema->fields().begin(), join.schema->fields().begin() + left);
  auto schema = arrow::schema(std::move(fields));
  std::vector<ExprPtr> places;
  for (int i = 0; i < left; ++i) places.push_back(ColumnOf(*schema, right + i));
  for (int i = 0; i < right; ++i) places.push_back(ColumnOf(*schema, i));
  mirrored.VisitExpressions([&](ExprPtr& expr) { expr = SubstituteColumns(expr, places); });
  for (JoinKey& key : mirrored.keys) std::swap(key.left, key.right);
  PlanPtr node = MakeNode(std::move(mirrored), {join.inputs[1], join.inputs[0]}, std::move(schema));
  return MakeProject(std::move(node), std::move(places), join.schema);
}

}  // namespace

PlanPtr StreamsOnTheLeft(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    const auto* join = node->As<plan::Join>();
    if (join == nullptr || IsStreaming(*node->inputs[0]) || !IsStreaming(*node->inputs[1])) return nullptr;
    const bool can = join->type == JoinType::kInner || join->type == JoinType::kRight;
    return can ? Mirrored(*node) : nullptr;
  });
}

}  // namespace sluice
