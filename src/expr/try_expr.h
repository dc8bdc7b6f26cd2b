// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"

namespace sluice {

// Its child's value, or NULL in the rows in which evaluating the child fails by what the rows hold: try_add and its
// family over others than two numbers.
class TryExpr : public Expr {
 public:
  TryExpr(ExprPtr child, std::string shown);
  std::string ToString() const override { return shown_; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override { return "try"; }

 private:
  std::string shown_;
};

}  // namespace sluice
