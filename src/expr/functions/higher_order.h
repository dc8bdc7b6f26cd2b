// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "expr/functions/lists.h"
#include "expr/lambda.h"
#include "expr/signature.h"

namespace sluice {

// As Kernel; arguments that are lambdas are null among call.args, and call.node's children.
using HigherOrderKernel = Result<std::shared_ptr<arrow::Array>> (*)(const KernelCall& call, Evaluation& evaluation);

// A function with lambdas among its children.
class HigherOrderExpr : public FunctionExpr {
 public:
  HigherOrderExpr(FunctionTraits traits, HigherOrderKernel kernel, std::shared_ptr<arrow::DataType> type, bool nullable,
                  std::vector<ExprPtr> children);
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;

 private:
  HigherOrderKernel kernel_;
};

ExprPtr HigherOrderCall(const char* name, HigherOrderKernel kernel, std::shared_ptr<arrow::DataType> type,
                        bool nullable, std::vector<ExprPtr> args, bool ansi);

// The argument as a lambda: any other expression is the body of one that has no use for its `variables`.
ExprPtr AsLambda(ExprPtr arg, int variables);
const LambdaExpr& LambdaOf(const FunctionExpr& node, size_t index);
// DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE unless the lambda gives a BOOLEAN, to which NULL is cast.
Result<ExprPtr> BooleanLambda(const char* function, size_t index, ExprPtr arg, int variables, bool ansi);
// The lambda with its body cast.
Result<ExprPtr> CastLambda(const ExprPtr& lambda, const std::shared_ptr<arrow::DataType>& type, bool ansi);

// The entries of the valid rows of a list column, one row's after the other.
struct Entries {
  Rows picked;                  // in the column's entries
  RowList parents;              // the row of each
  std::vector<int32_t> places;  // of each in its row, from 0
  std::shared_ptr<arrow::Buffer> offsets;
  std::shared_ptr<arrow::Buffer> validity;

  static Result<Entries> Of(const KernelCall& call, const arrow::Array& list);
  std::shared_ptr<arrow::Array> Places() const;
};

}  // namespace sluice
