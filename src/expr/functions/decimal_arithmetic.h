// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "expr/coercion.h"
#include "expr/function_expr.h"

namespace sluice {

enum class DecimalOp { kAdd, kSubtract, kMultiply, kDivide, kIntegralDivide, kRemainder, kPositiveRemainder };

// Both operands as decimals; an integer literal takes as few digits as it has.
Result<std::vector<ExprPtr>> DecimalOperands(std::vector<ExprPtr> args, bool ansi);
// Spark's type of the result (spark.sql.decimalOperations.allowPrecisionLoss is true).
TypePtr DecimalResult(const arrow::DataType& a, const arrow::DataType& b, DecimalOp op);
// Kernel over two DECIMAL columns; exact inside, rounded half up to the node's type.
Result<std::shared_ptr<arrow::Array>> DecimalArithmetic(const KernelCall& call, DecimalOp op);

// NUMERIC_VALUE_OUT_OF_RANGE for a decimal that does not fit into the node's type.
Status DecimalOverflow(const FunctionExpr& node);
// arithmetic.cc
Status DivideByZero(const FunctionExpr& node);
Status ArithmeticOverflow(const FunctionExpr& node);

}  // namespace sluice
