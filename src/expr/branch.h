// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "expr/expr.h"

namespace sluice {

using RowList = std::vector<int64_t>;

// Values of `expr` for some rows of the evaluation only, in their order: a row that is not listed cannot fail.
// Errors carry the row's number in the evaluation's input.
Result<std::shared_ptr<arrow::Array>> EvalRows(Evaluation& evaluation, const ExprPtr& expr, const RowList& rows);

// Expressions that evaluate an argument only where an earlier one asks for it.
class BranchExpr : public Expr {
 public:
  enum class Kind { kAnd, kOr, kCase, kCoalesce };
  // kCase: condition, value, condition, value, ..., [else]. `name` decides how it is shown ("if", "nvl", "CASE"...).
  // `shown`: the arguments as the user wrote them, for functions that are rewritten (nvl2, nullif); else the children.
  BranchExpr(Kind kind, std::string name, std::shared_ptr<arrow::DataType> type, bool nullable,
             std::vector<ExprPtr> children, std::string shown = {});
  Kind kind() const { return kind_; }
  std::string ToString() const override;
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  Result<std::shared_ptr<arrow::Array>> EvalLogic(Evaluation& evaluation) const;
  Result<std::shared_ptr<arrow::Array>> EvalCase(Evaluation& evaluation) const;
  Result<std::shared_ptr<arrow::Array>> EvalCoalesce(Evaluation& evaluation) const;

  Kind kind_;
  std::string name_;
  std::string shown_;
};

}  // namespace sluice
