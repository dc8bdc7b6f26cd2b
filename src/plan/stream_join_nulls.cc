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
  auto filter = std::make_shared<PlanNode>();
  filter->kind = PlanKind::kFilter;
  filter->schema = input->schema;
  filter->exprs = {*there};
  filter->inputs = {std::move(input)};
  return filter;
}

std::vector<ExprPtr> ColumnsOf(const arrow::Schema& schema) {
  std::vector<ExprPtr> columns;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = *schema.field(i);
    columns.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
  }
  return columns;
}

PlanPtr Filtered(const PlanNode& join) {
  const size_t left = ColumnsOf(*join.inputs[0]->schema).size();
  std::vector<bool> needed(left + ColumnsOf(*join.inputs[1]->schema).size(), false);
  std::vector<bool> opaque(join.exprs.size(), false);
  for (size_t i = 0; i < join.exprs.size(); ++i) {
    const bool is_key = i < 2 * join.null_safe.size();
    if (is_key && join.null_safe[i / 2]) continue;
    opaque[i] = !AddColumns(join.exprs[i], &needed) && is_key;
  }
  auto filtered = std::make_shared<PlanNode>(join);
  for (const JoinSide side : {JoinSide::kLeft, JoinSide::kRight}) {
    if (KeepsUnmatched(join.join, side) || join.join == JoinType::kFull) continue;
    const bool is_left = side == JoinSide::kLeft;
    PlanPtr& input = filtered->inputs[is_left ? 0 : 1];
    const std::vector<ExprPtr> columns = ColumnsOf(*input->schema);
    std::vector<ExprPtr> places(is_left ? 0 : left);
    places.insert(places.end(), columns.begin(), columns.end());
    for (size_t i = 0; i < opaque.size(); ++i) {
      if (opaque[i] && (i % 2 == 0) == is_left) input = WithoutNulls(input, SubstituteColumns(join.exprs[i], places));
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      if (needed[i + (is_left ? 0 : left)]) input = WithoutNulls(input, columns[i]);
    }
  }
  return filtered;
}

}  // namespace

PlanPtr NullsOfStreamJoins(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    if (!JoinsStreams(*node) || node->null_safe.empty()) return nullptr;
    const bool known = node->join == JoinType::kInner || node->join == JoinType::kLeftSemi ||
                       node->join == JoinType::kLeft || node->join == JoinType::kRight;
    return known ? Filtered(*node) : nullptr;
  });
}

}  // namespace sluice
