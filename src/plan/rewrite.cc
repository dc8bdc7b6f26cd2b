// SPDX-License-Identifier: Apache-2.0
#include "plan/rewrite.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "expr/branch.h"

namespace sluice {

PlanPtr RewritePlan(const PlanPtr& plan, const NodeRule& rule) {
  std::vector<PlanPtr> inputs;
  bool changed = false;
  for (const PlanPtr& input : plan->inputs) {
    inputs.push_back(RewritePlan(input, rule));
    changed = changed || inputs.back() != input;
  }
  PlanPtr node = plan;
  if (changed) {
    auto copy = std::make_shared<PlanNode>(*plan);
    copy->inputs = std::move(inputs);
    node = std::move(copy);
  }
  PlanPtr replaced = rule(node);
  return replaced == nullptr ? node : replaced;
}

PlanPtr WithFreshScans(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    const auto* scan = node->As<plan::Scan>();
    if (scan == nullptr || scan->source.resolved == nullptr) return nullptr;
    auto fresh = std::make_shared<PlanNode>(*node);
    fresh->Get<plan::Scan>().source.resolved = nullptr;
    return fresh;
  });
}

namespace {

void VisitExpressions(PlanOp* op, const ExprVisitor& visit) {
  std::visit([&](auto& kind) { kind.VisitExpressions(visit); }, *op);
}

}  // namespace

std::vector<ExprPtr> ExpressionsOf(const PlanNode& node) {
  std::vector<ExprPtr> list;
  PlanOp op = node.op;  // a copy, since visitors may change what they are given
  VisitExpressions(&op, [&](const ExprPtr& expr) { list.push_back(expr); });
  return list;
}

PlanPtr RewriteExpressions(const PlanPtr& node, const ListRule& rule) {
  const std::vector<ExprPtr> before = ExpressionsOf(*node);
  if (before.empty()) return nullptr;
  const std::vector<ExprPtr> after = rule(before);
  if (after == before) return nullptr;
  auto copy = std::make_shared<PlanNode>(*node);
  auto next = after.begin();
  VisitExpressions(&copy->op, [&](ExprPtr& expr) { expr = *next++; });
  return copy;
}

ExprPtr SubstituteColumns(const ExprPtr& expr, const std::vector<ExprPtr>& values) {
  return Transform(expr, [&](const ExprPtr& node) -> ExprPtr {
    const auto* column = dynamic_cast<const ColumnExpr*>(node.get());
    return column == nullptr ? nullptr : values[static_cast<size_t>(column->index())];
  });
}

namespace {

void Mark(const ExprPtr& expr, std::unordered_set<const Expr*>* seen, std::vector<bool>* used) {
  if (!seen->insert(expr.get()).second) return;
  if (const auto* column = dynamic_cast<const ColumnExpr*>(expr.get())) {
    (*used)[static_cast<size_t>(column->index())] = true;
  }
  for (const ExprPtr& child : expr->children()) Mark(child, seen, used);
}

int64_t Size(const ExprPtr& expr, int64_t limit, std::unordered_map<const Expr*, int64_t>* sizes) {
  const auto found = sizes->find(expr.get());
  if (found != sizes->end()) return found->second;
  int64_t size = 1;
  for (const ExprPtr& child : expr->children()) size = std::min(limit, size + Size(child, limit, sizes));
  sizes->emplace(expr.get(), size);
  return size;
}

}  // namespace

void MarkColumns(const ExprPtr& expr, std::vector<bool>* used) {
  std::unordered_set<const Expr*> seen;
  Mark(expr, &seen, used);
}

bool AllDeterministic(const std::vector<ExprPtr>& exprs) {
  return std::all_of(exprs.begin(), exprs.end(), [](const ExprPtr& expr) { return expr->deterministic(); });
}

int64_t WrittenSize(const ExprPtr& expr, int64_t limit) {
  std::unordered_map<const Expr*, int64_t> sizes;
  return Size(expr, limit, &sizes);
}

void AddConjuncts(const ExprPtr& condition, std::vector<ExprPtr>* parts) {
  const auto* logic = dynamic_cast<const BranchExpr*>(condition.get());
  if (logic == nullptr || logic->kind() != BranchExpr::Kind::kAnd) {
    parts->push_back(condition);
    return;
  }
  for (const ExprPtr& child : logic->children()) AddConjuncts(child, parts);
}

}  // namespace sluice
