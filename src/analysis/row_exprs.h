// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// Expressions that are no values of their row alone. They stand in a resolved plan until LowerRowExprs puts nodes below
// that give their values as columns; none is ever evaluated.
class RowExpr : public Expr {
 public:
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;

 protected:
  using Expr::Expr;
};

// A window function. Children: PARTITION BY, ORDER BY, and what the call has.
class WindowExpr : public RowExpr {
 public:
  WindowExpr(std::vector<ExprPtr> partition, std::vector<SortKey> order, WindowCall call, std::string display);
  std::string ToString() const override { return display_; }
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override { return "window:" + display_; }
  const std::vector<ExprPtr>& partition() const { return partition_; }
  const std::vector<SortKey>& order() const { return order_; }
  const WindowCall& call() const { return call_; }

 private:
  std::vector<ExprPtr> partition_;
  std::vector<SortKey> order_;
  WindowCall call_;
  std::string display_;
};

// What a generator gives, apart from its arguments.
struct GeneratorCall {
  std::string name;
  GeneratorSpec spec;
  std::vector<std::shared_ptr<arrow::Field>> fields;
};

// One column of a generator. Children: its arguments.
class GeneratedExpr : public RowExpr {
 public:
  GeneratedExpr(std::shared_ptr<const GeneratorCall> call, int index, std::vector<ExprPtr> arguments);
  std::string ToString() const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  const std::shared_ptr<const GeneratorCall>& call() const { return call_; }
  int index() const { return index_; }

 private:
  std::shared_ptr<const GeneratorCall> call_;
  int index_;
};

enum class SubqueryKind { kScalar, kExists, kIn };

// A query in an expression. Children: the values that IN asks for, then the columns of the outer query that the plan
// names (OuterExpr).
class SubqueryExpr : public RowExpr {
 public:
  SubqueryExpr(SubqueryKind kind, PlanPtr plan, std::vector<ExprPtr> values, std::vector<ExprPtr> outer);
  std::string ToString() const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  SubqueryKind kind() const { return kind_; }
  const PlanPtr& plan() const { return plan_; }
  std::vector<ExprPtr> values() const;
  std::vector<ExprPtr> outer() const;

 private:
  SubqueryKind kind_;
  PlanPtr plan_;
  size_t value_count_;
};

// In the plan of a subquery: the outer query's column of that number among SubqueryExpr::outer().
class OuterExpr : public RowExpr {
 public:
  OuterExpr(size_t index, const ExprPtr& column);
  std::string ToString() const override { return "outer(" + name_ + ")"; }
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override { return "outer:" + std::to_string(index_); }
  size_t index() const { return index_; }

 private:
  OuterExpr(size_t index, std::string name, std::shared_ptr<arrow::DataType> type, bool nullable);

  size_t index_;
  std::string name_;
};

// Whether an expression, or a plan anywhere, has a node of that kind in it. Shared nodes are looked at once.
bool AnyNode(const ExprPtr& expr, const std::function<bool(const Expr&)>& wanted);
template <typename Node>
bool HasNode(const ExprPtr& expr) {
  return AnyNode(expr, [](const Expr& node) { return dynamic_cast<const Node*>(&node) != nullptr; });
}
bool HasOuter(const PlanNode& plan);

}  // namespace sluice
