// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"
#include "python/python_function.h"

namespace sluice {

// A call of a Python function in an expression. It has no value of its own: a rule of the plan puts a step below the
// node, which has the function's worker compute a column, and that column in the place of the call.
class PythonCallExpr : public Expr {
 public:
  // `keywords`: one an argument, empty for those by position.
  PythonCallExpr(std::shared_ptr<const PythonFunction> function, std::vector<ExprPtr> arguments,
                 std::vector<std::string> keywords);
  const std::shared_ptr<const PythonFunction>& function() const { return function_; }
  const std::vector<std::string>& keywords() const { return keywords_; }
  std::string ToString() const override;
  bool deterministic() const override { return Expr::deterministic() && function_->deterministic; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  const std::shared_ptr<const PythonFunction> function_;
  const std::vector<std::string> keywords_;
};

// Whether a call of a Python function stands in the expression.
bool HasPythonCall(const ExprPtr& expr);

}  // namespace sluice
