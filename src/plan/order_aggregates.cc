// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>
#include <unordered_map>

#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {
namespace {

// How often each column is used, written out as a tree, and in which order they come first.
void CountUses(const ExprPtr& expr, std::vector<int>* uses, std::vector<int>* order) {
  if (const auto* column = dynamic_cast<const ColumnExpr*>(expr.get())) {
    if ((*uses)[static_cast<size_t>(column->index())]++ == 0) order->push_back(column->index());
  }
  for (const ExprPtr& child : expr->children()) CountUses(child, uses, order);
}

constexpr int64_t kLongest = 10'000;  // nodes; nobody writes longer lists, and shared ones would take for ever

PlanPtr Ordered(const PlanPtr& node) {
  if (node->kind != PlanKind::kProject) return nullptr;
  const PlanPtr& aggregate = node->inputs[0];
  if (aggregate->kind != PlanKind::kAggregate || aggregate->deduplicate || !IsStreaming(*aggregate)) return nullptr;
  const auto keys = static_cast<int>(aggregate->exprs.size());
  const auto width = static_cast<size_t>(aggregate->schema->num_fields());
  std::vector<int> uses(width, 0);
  std::vector<int> order;
  for (const ExprPtr& expr : node->exprs) {
    if (WrittenSize(expr, kLongest) >= kLongest) return nullptr;
    CountUses(expr, &uses, &order);
  }
  std::erase_if(order, [keys](int column) { return column < keys; });
  const bool once = std::all_of(order.begin(), order.end(), [&](int c) { return uses[static_cast<size_t>(c)] == 1; });
  if (!once) std::sort(order.begin(), order.end());
  auto changed = std::make_shared<PlanNode>(*aggregate);
  changed->aggregates.clear();
  arrow::FieldVector fields(aggregate->schema->fields().begin(), aggregate->schema->fields().begin() + keys);
  std::vector<ExprPtr> places(width);
  for (int key = 0; key < keys; ++key) {
    const auto& field = *aggregate->schema->field(key);
    places[static_cast<size_t>(key)] = std::make_shared<ColumnExpr>(key, field.name(), field.type(), field.nullable());
  }
  for (const int column : order) {
    const auto& field = aggregate->schema->field(column);
    places[static_cast<size_t>(column)] =
        std::make_shared<ColumnExpr>(static_cast<int>(fields.size()), field->name(), field->type(), field->nullable());
    fields.push_back(field);
    changed->aggregates.push_back(aggregate->aggregates[static_cast<size_t>(column - keys)]);
  }
  changed->schema = arrow::schema(std::move(fields));
  if (changed->schema->Equals(*aggregate->schema)) return nullptr;
  auto project = std::make_shared<PlanNode>(*node);
  project->inputs = {std::move(changed)};
  for (ExprPtr& expr : project->exprs) expr = SubstituteColumns(expr, places);
  return project;
}

}  // namespace

PlanPtr OrderAggregates(const PlanPtr& plan) {
  return RewritePlan(plan, Ordered);
}

}  // namespace sluice
