// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <set>
#include <string>

#include "expr/cast.h"
#include "expr/function_expr.h"
#include "expr/function_registry.h"
#include "plan/rewrite.h"
#include "plan/stream_join.h"

namespace sluice {
namespace {

// Functions whose value is NULL where an argument is, and so are the comparisons that joins have.
bool IsNullOfNull(const Expr& expr) {
  static const std::set<std::string> names = {
      "=", "==",  "<",   "<=",    ">",   ">=",  "!=",       "<>",    "+",     "-",     "*",      "/",
      "%", "div", "not", "upper", "abs", "mod", "negative", "lower", "ucase", "lcase", "length", "date_trunc"};
  if (const auto* cast = dynamic_cast<const CastExpr*>(&expr)) return cast->mode() != CastMode::kTry;
  const auto* call = dynamic_cast<const FunctionExpr*>(&expr);
  return call != nullptr && names.contains(call->name());
}

// The columns without which the expression is NULL. False: it may have a value without any.
bool AddColumns(const ExprPtr& expr, std::vector<bool>* columns) {
  if (const auto* column = dynamic_cast<const ColumnExpr*>(expr.get())) {
    (*columns)[static_cast<size_t>(column->index())] = true;
    return true;
  }
  if (!IsNullOfNull(*expr)) return false;
  bool any = false;
  for (const ExprPtr& child : expr->children()) any |= AddColumns(child, columns);
  return any;
}

PlanPtr WithoutNulls(PlanPtr input, const ExprPtr& value) {
  const Result<ExprPtr> there = ResolveFunction("isnotnull", {value}, ResolveOptions());
  if (!there.ok()) return input;
  return MakeFilter(std::move(input), *there);
}

std::vector<ExprPtr> ColumnsOf(const arrow::Schema& schema) {
  std::vector<ExprPtr> columns;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = *schema.field(i);
    columns.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
  }
  return columns;
}

// What the condition needs of both inputs' columns, and the keys that may be NULL though no column is.
struct Needs {
  std::vector<bool> columns;
  std::vector<ExprPtr> opaque_left;
  std::vector<ExprPtr> opaque_right;
};

Needs NeedsOf(const PlanNode& join) {
  const int both = join.inputs[0]->schema->num_fields() + join.inputs[1]->schema->num_fields();
  Needs needs{std::vector<bool>(static_cast<size_t>(both), false), {}, {}};
  const auto& op = join.Get<plan::Join>();
  for (const JoinKey& key : op.keys) {
    if (key.null_safe) continue;
    if (!AddColumns(key.left, &needs.columns)) needs.opaque_left.push_back(key.left);
    if (!AddColumns(key.right, &needs.columns)) needs.opaque_right.push_back(key.right);
  }
  for (const ExprPtr& condition : op.conditions) AddColumns(condition, &needs.columns);
  return needs;
}

bool LeavesOutNulls(const PlanNode& join, JoinSide side) {
  const JoinType type = join.Get<plan::Join>().type;
  const bool known =
      type == JoinType::kInner || type == JoinType::kLeftSemi || type == JoinType::kLeft || type == JoinType::kRight;
  return known && !join.Get<plan::Join>().keys.empty() && !KeepsUnmatched(type, side);
}

PlanPtr Filtered(const PlanNode& join) {
  const Needs needs = NeedsOf(join);
  const auto left = static_cast<size_t>(join.inputs[0]->schema->num_fields());
  auto filtered = std::make_shared<PlanNode>(join);
  for (const JoinSide side : {JoinSide::kLeft, JoinSide::kRight}) {
    if (!LeavesOutNulls(join, side)) continue;
    const bool is_left = side == JoinSide::kLeft;
    PlanPtr& input = filtered->inputs[is_left ? 0 : 1];
    const std::vector<ExprPtr> columns = ColumnsOf(*input->schema);
    std::vector<ExprPtr> places(is_left ? 0 : left);
    places.insert(places.end(), columns.begin(), columns.end());
    for (const ExprPtr& key : is_left ? needs.opaque_left : needs.opaque_right) {
      input = WithoutNulls(input, SubstituteColumns(key, places));
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      if (needs.columns[i + (is_left ? 0 : left)]) input = WithoutNulls(input, columns[i]);
    }
  }
  return filtered;
}

}  // namespace

std::vector<bool> ColumnsWithoutNulls(const PlanNode& join, JoinSide side) {
  const auto left = static_cast<size_t>(join.inputs[0]->schema->num_fields());
  const bool is_left = side == JoinSide::kLeft;
  const auto count = static_cast<size_t>(join.inputs[is_left ? 0 : 1]->schema->num_fields());
  if (!LeavesOutNulls(join, side)) return std::vector<bool>(count, false);
  const Needs needs = NeedsOf(join);
  const auto begin = needs.columns.begin() + static_cast<std::ptrdiff_t>(is_left ? 0 : left);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

PlanPtr NullsOfStreamJoins(const PlanPtr& plan) {
  return RewritePlan(plan,
                     [](const PlanPtr& node) -> PlanPtr { return JoinsStreams(*node) ? Filtered(*node) : nullptr; });
}

}  // namespace sluice
