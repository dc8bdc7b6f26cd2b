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
  const auto* project = node->As<plan::Project>();
  if (project == nullptr) return nullptr;
  const PlanPtr& below = node->inputs[0];
  const auto* aggregate = below->As<plan::Aggregate>();
  if (aggregate == nullptr || aggregate->deduplicate || !IsStreaming(*below)) return nullptr;
  const auto keys = static_cast<int>(aggregate->keys.size());
  const auto width = static_cast<size_t>(below->schema->num_fields());
  std::vector<int> uses(width, 0);
  std::vector<int> order;
  for (const ExprPtr& expr : project->exprs) {
    if (WrittenSize(expr, kLongest) >= kLongest) return nullptr;
    CountUses(expr, &uses, &order);
  }
  std::erase_if(order, [keys](int column) { return column < keys; });
  const bool once = std::all_of(order.begin(), order.end(), [&](int c) { return uses[static_cast<size_t>(c)] == 1; });
  if (!once) std::sort(order.begin(), order.end());
  plan::Aggregate changed = *aggregate;
  changed.calls.clear();
  arrow::FieldVector fields(below->schema->fields().begin(), below->schema->fields().begin() + keys);
  std::vector<ExprPtr> places(width);
  for (int key = 0; key < keys; ++key) {
    const auto& field = *below->schema->field(key);
    places[static_cast<size_t>(key)] = std::make_shared<ColumnExpr>(key, field.name(), field.type(), field.nullable());
  }
  for (const int column : order) {
    const auto& field = below->schema->field(column);
    places[static_cast<size_t>(column)] =
        std::make_shared<ColumnExpr>(static_cast<int>(fields.size()), field->name(), field->type(), field->nullable());
    fields.push_back(field);
    changed.calls.push_back(aggregate->calls[static_cast<size_t>(column - keys)]);
  }
  auto schema = arrow::schema(std::move(fields));
  if (schema->Equals(*below->schema)) return nullptr;
  std::vector<ExprPtr> exprs;
  for (const ExprPtr& expr : project->exprs) exprs.push_back(SubstituteColumns(expr, places));
  return MakeProject(MakeNode(std::move(changed), below->inputs, std::move(schema)), std::move(exprs), node->schema);
}

}  // namespace

PlanPtr OrderAggregates(const PlanPtr& plan) {
  return RewritePlan(plan, Ordered);
}

}  // namespace sluice
