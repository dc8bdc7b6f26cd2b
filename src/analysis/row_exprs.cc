// SPDX-License-Identifier: Apache-2.0
#include "analysis/row_exprs.h"

#include <arrow/api.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "plan/rewrite.h"

namespace sluice {
namespace {

// Calls `visit` with each expression of a window call, always in the same order.
template <typename Call, typename Visit>
void VisitCall(Call& window, const Visit& visit) {
  for (auto& arg : window.call.args) visit(arg);
  if (window.call.filter != nullptr) visit(window.call.filter);
  if (window.frame.lower.value != nullptr) visit(window.frame.lower.value);
  if (window.frame.upper.value != nullptr) visit(window.frame.upper.value);
}

std::vector<ExprPtr> ChildrenOf(const std::vector<ExprPtr>& partition, const std::vector<SortKey>& order,
                                const WindowCall& call) {
  std::vector<ExprPtr> children = partition;
  for (const SortKey& key : order) children.push_back(key.expr);
  VisitCall(call, [&](const ExprPtr& expr) { children.push_back(expr); });
  return children;
}

std::vector<ExprPtr> Joined(std::vector<ExprPtr> list, const std::vector<ExprPtr>& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

bool SubqueryNullable(SubqueryKind kind, const PlanPtr& plan, const std::vector<ExprPtr>& values) {
  if (kind != SubqueryKind::kIn) return kind == SubqueryKind::kScalar;
  return std::any_of(values.begin(), values.end(), [](const ExprPtr& value) { return value->nullable(); }) ||
         std::any_of(plan->schema->fields().begin(), plan->schema->fields().end(),
                     [](const auto& field) { return field->nullable(); });
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> RowExpr::EvalImpl(Evaluation&) const {
  return InternalError("an expression over other rows was evaluated: " + ToString());
}

WindowExpr::WindowExpr(std::vector<ExprPtr> partition, std::vector<SortKey> order, WindowCall call, std::string display)
    : RowExpr(call.call.type, call.call.nullable, ChildrenOf(partition, order, call)),
      partition_(std::move(partition)),
      order_(std::move(order)),
      call_(std::move(call)),
      display_(std::move(display)) {}

ExprPtr WindowExpr::WithChildren(std::vector<ExprPtr> children) const {
  auto next = children.begin();
  std::vector<ExprPtr> partition = partition_;
  for (ExprPtr& key : partition) key = std::move(*next++);
  std::vector<SortKey> order = order_;
  for (SortKey& key : order) key.expr = std::move(*next++);
  WindowCall call = call_;
  VisitCall(call, [&](ExprPtr& expr) { expr = std::move(*next++); });
  return std::make_shared<WindowExpr>(std::move(partition), std::move(order), std::move(call), display_);
}

GeneratedExpr::GeneratedExpr(std::shared_ptr<const GeneratorCall> call, int index, std::vector<ExprPtr> arguments)
    : RowExpr(call->fields[static_cast<size_t>(index)]->type(), call->fields[static_cast<size_t>(index)]->nullable(),
              std::move(arguments)),
      call_(std::move(call)),
      index_(index) {}

std::string GeneratedExpr::ToString() const {
  return call_->fields[static_cast<size_t>(index_)]->name();
}

ExprPtr GeneratedExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<GeneratedExpr>(call_, index_, std::move(children));
}

SubqueryExpr::SubqueryExpr(SubqueryKind kind, PlanPtr plan, std::vector<ExprPtr> values, std::vector<ExprPtr> outer)
    : RowExpr(kind == SubqueryKind::kScalar ? plan->schema->field(0)->type() : arrow::boolean(),
              SubqueryNullable(kind, plan, values), Joined(values, outer)),
      kind_(kind),
      plan_(std::move(plan)),
      value_count_(values.size()) {}

std::string SubqueryExpr::ToString() const {
  std::string columns;
  for (const ExprPtr& column : outer()) columns += (columns.empty() ? "" : ", ") + column->ToString();
  switch (kind_) {
    case SubqueryKind::kScalar:
      return "scalarsubquery(" + columns + ")";
    case SubqueryKind::kExists:
      return "exists(" + columns + ")";
    case SubqueryKind::kIn:
      break;
  }
  std::string text;
  for (const ExprPtr& value : values()) text += (text.empty() ? "" : ", ") + value->ToString();
  return "(" + (value_count_ == 1 ? text : "named_struct(" + text + ")") + " IN (listquery(" + columns + ")))";
}

ExprPtr SubqueryExpr::WithChildren(std::vector<ExprPtr> changed) const {
  const auto middle = changed.begin() + static_cast<std::ptrdiff_t>(value_count_);
  return std::make_shared<SubqueryExpr>(kind_, plan_, std::vector<ExprPtr>(changed.begin(), middle),
                                        std::vector<ExprPtr>(middle, changed.end()));
}

std::vector<ExprPtr> SubqueryExpr::values() const {
  return {children().begin(), children().begin() + static_cast<std::ptrdiff_t>(value_count_)};
}

std::vector<ExprPtr> SubqueryExpr::outer() const {
  return {children().begin() + static_cast<std::ptrdiff_t>(value_count_), children().end()};
}

OuterExpr::OuterExpr(size_t index, const ExprPtr& column)
    : OuterExpr(index, column->ToString(), column->type(), column->nullable()) {}

OuterExpr::OuterExpr(size_t index, std::string name, std::shared_ptr<arrow::DataType> type, bool nullable)
    : RowExpr(std::move(type), nullable, {}), index_(index), name_(std::move(name)) {}

ExprPtr OuterExpr::WithChildren(std::vector<ExprPtr>) const {
  return ExprPtr(new OuterExpr(index_, name_, type(), nullable()));
}

bool AnyNode(const ExprPtr& expr, const std::function<bool(const Expr&)>& wanted) {
  std::unordered_set<const Expr*> seen;
  const std::function<bool(const ExprPtr&)> look = [&](const ExprPtr& node) {
    if (!seen.insert(node.get()).second) return false;
    return wanted(*node) || std::any_of(node->children().begin(), node->children().end(), look);
  };
  return look(expr);
}

bool HasOuter(const PlanNode& plan) {
  const std::vector<ExprPtr> exprs = ExpressionsOf(plan);
  return std::any_of(exprs.begin(), exprs.end(), [](const ExprPtr& expr) { return HasNode<OuterExpr>(expr); }) ||
         std::any_of(plan.inputs.begin(), plan.inputs.end(), [](const PlanPtr& input) { return HasOuter(*input); });
}

}  // namespace sluice
