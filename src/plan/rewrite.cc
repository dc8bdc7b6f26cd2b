// SPDX-License-Identifier: Apache-2.0
#include "plan/rewrite.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

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
    if (node->kind != PlanKind::kScan || node->scan.resolved == nullptr) return nullptr;
    auto fresh = std::make_shared<PlanNode>(*node);
    fresh->scan.resolved = nullptr;
    return fresh;
  });
}

namespace {

// Calls `visit` with each expression of a node, always in the same order.
template <typename Node, typename Visit>
void VisitExpressions(Node& node, const Visit& visit) {
  const auto of_call = [&](auto& call) {
    for (auto& arg : call.args) visit(arg);
    if (call.filter != nullptr) visit(call.filter);
  };
  for (auto& expr : node.exprs) visit(expr);
  for (auto& call : node.aggregates) of_call(call);
  for (auto& key : node.sort_keys) visit(key.expr);
  for (auto& window : node.windows) {
    of_call(window.call);
    if (window.frame.lower.value != nullptr) visit(window.frame.lower.value);
    if (window.frame.upper.value != nullptr) visit(window.frame.upper.value);
  }
}

}  // namespace

std::vector<ExprPtr> ExpressionsOf(const PlanNode& node) {
  std::vector<ExprPtr> list;
  VisitExpressions(node, [&](const ExprPtr& expr) { list.push_back(expr); });
  return list;
}

PlanPtr RewriteExpressions(const PlanPtr& node, const ListRule& rule) {
  const std::vector<ExprPtr> before = ExpressionsOf(*node);
  if (before.empty()) return nullptr;
  const std::vector<ExprPtr> after = rule(before);
  if (after == before) return nullptr;
  auto copy = std::make_shared<PlanNode>(*node);
  auto next = after.begin();
  VisitExpressions(*copy, [&](ExprPtr& expr) { expr = *next++; });
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

}  // namespace sluice
