// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>

#include "expr/function_expr.h"
#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {
namespace {

enum class Side { kNeither, kLeft, kRight, kBoth };

int WidthOf(const PlanNode& node) {
  return node.schema->num_fields();
}

// Whose columns an expression over the columns of both inputs reads.
Side SideOf(const ExprPtr& expr, const PlanNode& join) {
  const auto left = static_cast<std::ptrdiff_t>(WidthOf(*join.inputs[0]));
  std::vector<bool> used(static_cast<size_t>(left + WidthOf(*join.inputs[1])), false);
  MarkColumns(expr, &used);
  const bool in_left = std::find(used.begin(), used.begin() + left, true) != used.begin() + left;
  const bool in_right = std::find(used.begin() + left, used.end(), true) != used.end();
  if (in_left && in_right) return Side::kBoth;
  return in_left ? Side::kLeft : in_right ? Side::kRight : Side::kNeither;
}

// An expression over both inputs as one over the right input.
ExprPtr OverRight(const ExprPtr& expr, const PlanNode& join) {
  std::vector<ExprPtr> columns(static_cast<size_t>(WidthOf(*join.inputs[0])));
  for (int i = 0; i < WidthOf(*join.inputs[1]); ++i) {
    const auto& field = *join.inputs[1]->schema->field(i);
    columns.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
  }
  return SubstituteColumns(expr, columns);
}

PlanPtr Filtered(const PlanPtr& input, const ExprPtr& condition);

// May a condition of the join be demanded of that input's rows alone? Not when rows without a partner are given.
bool JoinConditionFits(JoinType type, Side side) {
  switch (type) {
    case JoinType::kInner:
    case JoinType::kLeftSemi:
      return true;
    case JoinType::kLeft:
    case JoinType::kLeftAnti:
    case JoinType::kExistence:
    case JoinType::kLeftSingle:
      return side == Side::kRight;
    case JoinType::kLeftAntiNullAware:
      return false;
    case JoinType::kRight:
      return side == Side::kLeft;
    case JoinType::kFull:
      return false;
  }
  return false;
}

// The same of a condition above the join: not when the join may put NULL into the columns that it reads.
bool FilterFits(JoinType type, Side side) {
  switch (type) {
    case JoinType::kInner:
      return true;
    case JoinType::kRight:
      return side == Side::kRight;
    case JoinType::kFull:
      return false;
    default:
      return side == Side::kLeft;
  }
}

// `condition` as a pair of keys, if it is one.
bool IsKey(const ExprPtr& condition, const PlanNode& join, JoinKey* key) {
  const auto* call = dynamic_cast<const FunctionExpr*>(condition.get());
  if (call == nullptr || (call->name() != "=" && call->name() != "==" && call->name() != "<=>")) return false;
  *key = {call->children()[0], call->children()[1], call->name() == "<=>"};
  if (SideOf(key->left, join) == Side::kRight) std::swap(key->left, key->right);
  return SideOf(key->left, join) == Side::kLeft && SideOf(key->right, join) == Side::kRight &&
         key->left->type()->Equals(*key->right->type());
}

// A join whose conditions are its keys where they can be, filters of an input where they can be that, and else stay.
PlanPtr Sorted(const PlanNode& join) {
  const JoinType type = join.Get<plan::Join>().type;
  std::vector<ExprPtr> conditions;
  for (const ExprPtr& condition : join.Get<plan::Join>().conditions) AddConjuncts(condition, &conditions);
  auto sorted = std::make_shared<PlanNode>(join);
  auto& op = sorted->Get<plan::Join>();
  op.conditions.clear();
  for (const ExprPtr& condition : conditions) {
    JoinKey key;
    Side side = SideOf(condition, join);
    // What reads no column holds for all pairs or for none, and is asked once a row.
    if (side == Side::kNeither) side = JoinConditionFits(type, Side::kLeft) ? Side::kLeft : Side::kRight;
    if (!condition->deterministic()) {
      op.conditions.push_back(condition);
    } else if ((side == Side::kLeft || side == Side::kRight) && JoinConditionFits(type, side)) {
      const bool is_left = side == Side::kLeft;
      PlanPtr& input = sorted->inputs[is_left ? 0 : 1];
      input = Filtered(input, is_left ? condition : OverRight(condition, join));
    } else if (IsKey(condition, join, &key)) {
      op.keys.push_back(std::move(key));
    } else {
      op.conditions.push_back(condition);
    }
  }
  return sorted;
}

// A filter above a join, as far as it can be, in the join or below it.
PlanPtr OverJoin(const PlanNode& join, const ExprPtr& filter) {
  const JoinType type = join.Get<plan::Join>().type;
  std::vector<ExprPtr> conditions;
  AddConjuncts(filter, &conditions);
  auto below = std::make_shared<PlanNode>(join);
  std::vector<ExprPtr> above;
  for (const ExprPtr& condition : conditions) {
    const Side side = SideOf(condition, join);
    if (!condition->deterministic()) {
      above.push_back(condition);
    } else if ((side == Side::kLeft || side == Side::kRight) && FilterFits(type, side)) {
      const bool is_left = side == Side::kLeft;
      PlanPtr& input = below->inputs[is_left ? 0 : 1];
      input = Filtered(input, is_left ? condition : OverRight(condition, join));
    } else if (type == JoinType::kInner) {
      below->Get<plan::Join>().conditions.push_back(condition);
    } else {
      above.push_back(condition);
    }
  }
  PlanPtr result = Sorted(*below);
  for (const ExprPtr& condition : above) result = MakeFilter(std::move(result), condition);
  return result;
}

PlanPtr Filtered(const PlanPtr& input, const ExprPtr& condition) {
  return input->Is<plan::Join>() ? OverJoin(*input, condition) : MakeFilter(input, condition);
}

}  // namespace

PlanPtr JoinConditions(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    const auto* join = node->As<plan::Join>();
    if (join != nullptr && !join->conditions.empty()) return Sorted(*node);
    const auto* filter = node->As<plan::Filter>();
    if (filter != nullptr && node->inputs[0]->Is<plan::Join>()) return OverJoin(*node->inputs[0], filter->condition);
    return nullptr;
  });
}

}  // namespace sluice
