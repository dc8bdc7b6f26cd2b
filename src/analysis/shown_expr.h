// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "expr/expr.h"

namespace sluice {

// Stands for another expression under the text that Spark shows for it in a column's name: lateralAliasReference(c),
// between(k, 1, 2). Taken away again (WithoutShown) once names are given; never evaluated.
class ShownExpr : public Expr {
 public:
  ShownExpr(ExprPtr inner, std::string shown);
  const ExprPtr& inner() const { return inner_; }
  std::string ToString() const override { return shown_; }
  bool deterministic() const override { return inner_->deterministic(); }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;

 private:
  ExprPtr inner_;
  std::string shown_;
};

ExprPtr WithoutShown(const ExprPtr& expr);

// The text of an expression, shortened when shared parts would make it endless.
std::string DisplayName(const ExprPtr& expr);

}  // namespace sluice
