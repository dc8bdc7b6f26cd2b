// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>

#include "expr/branch.h"
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

void AddConjuncts(const ExprPtr& condition, std::vector<ExprPtr>* parts) {
  const auto* logic = dynamic_cast<const BranchExpr*>(condition.get());
  if (logic == nullptr || logic->kind() != BranchExpr::Kind::kAnd) {
    parts->push_back(condition);
    return;
  }
  for (const ExprPtr& child : logic->children()) AddConjuncts(child, parts);
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

// `condition` as a pair of keys, left and right, if it is one.
bool IsPair(const ExprPtr& condition, const PlanNode& join, ExprPtr* left, ExprPtr* right, bool* null_safe) {
  const auto* call = dynamic_cast<const FunctionExpr*>(condition.get());
  if (call == nullptr || (call->name() != "=" && call->name() != "==" && call->name() != "<=>")) return false;
  *left = call->children()[0];
  *right = call->children()[1];
  if (SideOf(*left, join) == Side::kRight) std::swap(*left, *right);
  *null_safe = call->name() == "<=>";
  return SideOf(*left, join) == Side::kLeft && SideOf(*right, join) == Side::kRight &&
         (*left)->type()->Equals(*(*right)->type());
}

// A join whose conditions are its keys where they can be, filters of an input where they can be that, and else stay.
PlanPtr Sorted(const PlanNode& join) {
  const size_t keys = 2 * join.null_safe.size();
  std::vector<ExprPtr> conditions;
  for (size_t i = keys; i < join.exprs.size(); ++i) AddConjuncts(join.exprs[i], &conditions);
  auto sorted = std::make_shared<PlanNode>(join);
  sorted->exprs.resize(keys);
  std::vector<ExprPtr> left;
  for (const ExprPtr& condition : conditions) {
    ExprPtr left_key;
    ExprPtr right_key;
    bool null_safe = false;
    Side side = SideOf(condition, join);
    // What reads no column holds for all pairs or for none, and is asked once a row.
    if (side == Side::kNeither) side = JoinConditionFits(join.join, Side::kLeft) ? Side::kLeft : Side::kRight;
    if (!condition->deterministic()) {
      left.push_back(condition);
    } else if ((side == Side::kLeft || side == Side::kRight) && JoinConditionFits(join.join, side)) {
      const bool is_left = side == Side::kLeft;
      PlanPtr& input = sorted->inputs[is_left ? 0 : 1];
      input = Filtered(input, is_left ? condition : OverRight(condition, join));
    } else if (IsPair(condition, join, &left_key, &right_key, &null_safe)) {
      sorted->exprs.push_back(std::move(left_key));
      sorted->exprs.push_back(std::move(right_key));
      sorted->null_safe.push_back(null_safe);
    } else {
      left.push_back(condition);
    }
  }
  sorted->exprs.insert(sorted->exprs.end(), left.begin(), left.end());
  return sorted;
}

// A filter above a join, as far as it can be, in the join or below it.
PlanPtr OverJoin(const PlanNode& filter) {
  const PlanNode& join = *filter.inputs[0];
  std::vector<ExprPtr> conditions;
  AddConjuncts(filter.exprs[0], &conditions);
  auto below = std::make_shared<PlanNode>(join);
  std::vector<ExprPtr> above;
  for (const ExprPtr& condition : conditions) {
    const Side side = SideOf(condition, join);
    if (!condition->deterministic()) {
      above.push_back(condition);
    } else if ((side == Side::kLeft || side == Side::kRight) && FilterFits(join.join, side)) {
      const bool is_left = side == Side::kLeft;
      PlanPtr& input = below->inputs[is_left ? 0 : 1];
      input = Filtered(input, is_left ? condition : OverRight(condition, join));
    } else if (join.join == JoinType::kInner) {
      below->exprs.push_back(condition);
    } else {
      above.push_back(condition);
    }
  }
  PlanPtr result = Sorted(*below);
  for (const ExprPtr& condition : above) {
    auto node = std::make_shared<PlanNode>(filter);
    node->inputs = {result};
    node->exprs = {condition};
    result = std::move(node);
  }
  return result;
}

PlanPtr Filtered(const PlanPtr& input, const ExprPtr& condition) {
  auto filter = std::make_shared<PlanNode>();
  filter->kind = PlanKind::kFilter;
  filter->inputs = {input};
  filter->schema = input->schema;
  filter->exprs = {condition};
  return input->kind == PlanKind::kJoin ? OverJoin(*filter) : filter;
}

}  // namespace

PlanPtr JoinConditions(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    if (node->kind == PlanKind::kJoin && node->exprs.size() > 2 * node->null_safe.size()) return Sorted(*node);
    if (node->kind == PlanKind::kFilter && node->inputs[0]->kind == PlanKind::kJoin) return OverJoin(*node);
    return nullptr;
  });
}

}  // namespace sluice
