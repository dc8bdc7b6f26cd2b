// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "expr/functions/higher_order.h"

namespace sluice {

// array_sort(array): in order, NULLs last; shown with the comparison that Spark writes out.
Result<std::shared_ptr<arrow::Array>> SortAscending(const KernelCall& call);
std::string DisplayAscending(const FunctionExpr& node);

// array_sort(array, (a, b) -> ..): as a stable sort has it. COMPARATOR_RETURNS_NULL when the lambda gives NULL.
Result<std::shared_ptr<arrow::Array>> SortByLambda(const KernelCall& call, Evaluation& evaluation);

}  // namespace sluice
