// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <utility>
#include <variant>

#include "plan/pruning.h"
#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {

ExprPtr ColumnAt(int index, const arrow::Field& field) {
  return std::make_shared<ColumnExpr>(index, field.name(), field.type(), field.nullable());
}

Pruned Unchanged(const PlanPtr& node) {
  Pruned pruned{node, {}};
  for (int i = 0; i < node->schema->num_fields(); ++i) pruned.columns.push_back(ColumnAt(i, *node->schema->field(i)));
  return pruned;
}

void KeepOne(const arrow::Schema& schema, std::vector<bool>* needed) {
  int best = -1;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if ((*needed)[static_cast<size_t>(i)]) return;
    if (best < 0 || (arrow::is_fixed_width(schema.field(i)->type()->id()) &&
                     !arrow::is_fixed_width(schema.field(best)->type()->id()))) {
      best = i;
    }
  }
  if (best >= 0) (*needed)[static_cast<size_t>(best)] = true;
}

std::shared_ptr<arrow::Schema> KeepFields(const arrow::Schema& schema, const std::vector<bool>& needed,
                                          std::vector<ExprPtr>* columns) {
  arrow::FieldVector fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (needed[static_cast<size_t>(i)]) {
      columns->push_back(ColumnAt(static_cast<int>(fields.size()), *schema.field(i)));
      fields.push_back(schema.field(i));
    } else {
      columns->push_back(nullptr);
    }
  }
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::Schema> WithNeededCalls(const arrow::Schema& schema, const std::vector<bool>& needed,
                                               Pruned* input) {
  arrow::FieldVector fields = input->plan->schema->fields();
  const int first = schema.num_fields() - static_cast<int>(needed.size());
  for (size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) {
      input->columns.push_back(nullptr);
      continue;
    }
    const auto& field = schema.field(first + static_cast<int>(i));
    input->columns.push_back(ColumnAt(static_cast<int>(fields.size()), *field));
    fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

PlanPtr OverPrunedInput(const PlanNode& node, const Pruned& input) {
  auto copy = std::make_shared<PlanNode>(node);
  copy->inputs = {input.plan};
  const PlanPtr rewritten = RewriteExpressions(copy, [&](const std::vector<ExprPtr>& exprs) {
    std::vector<ExprPtr> result;
    for (const ExprPtr& expr : exprs) result.push_back(SubstituteColumns(expr, input.columns));
    return result;
  });
  return rewritten == nullptr ? copy : rewritten;
}

Pruned PrunePassing(const PlanPtr& node, std::vector<bool> needed) {
  for (const ExprPtr& expr : ExpressionsOf(*node)) MarkColumns(expr, &needed);
  Pruned input = Prune(node->inputs[0], std::move(needed));
  auto above = std::make_shared<PlanNode>(*OverPrunedInput(*node, input));
  above->schema = input.plan->schema;
  input.plan = std::move(above);
  return input;
}

Pruned Prune(const PlanPtr& node, std::vector<bool> needed) {
  return std::visit([&](const auto& op) { return op.Prune(node, std::move(needed)); }, node->op);
}

PlanPtr PruneColumns(const PlanPtr& plan) {
  return Prune(plan, std::vector<bool>(static_cast<size_t>(plan->schema->num_fields()), true)).plan;
}

}  // namespace sluice
