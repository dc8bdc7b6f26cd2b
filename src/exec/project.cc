// SPDX-License-Identifier: Apache-2.0
#include "exec/project.h"

#include <utility>

namespace sluice {

ProjectOperator::ProjectOperator(std::unique_ptr<Operator> input, std::vector<ExprPtr> exprs,
                                 std::shared_ptr<arrow::Schema> schema, EvalContext context)
    : input_(std::move(input)), exprs_(std::move(exprs)), schema_(std::move(schema)), context_(std::move(context)) {}

Result<std::shared_ptr<arrow::RecordBatch>> ProjectOperator::Next() {
  SLUICE_ASSIGN(auto slice, input_->Next());
  if (slice == nullptr) return slice;
  Evaluation evaluation(*slice, context_);
  std::vector<std::shared_ptr<arrow::Array>> columns;
  columns.reserve(exprs_.size());
  for (const ExprPtr& expr : exprs_) {
    auto column = evaluation.Eval(expr);
    if (!column.ok()) return AtPlaceOf(*input_, column.status());
    columns.push_back(std::move(*column));
  }
  return arrow::RecordBatch::Make(schema_, slice->num_rows(), std::move(columns));
}

}  // namespace sluice
