// SPDX-License-Identifier: Apache-2.0
#include "exec/project.h"

#include <utility>

namespace sluice {

ProjectOperator::ProjectOperator(std::unique_ptr<Operator> input, std::vector<ExprPtr> exprs,
                                 std::shared_ptr<arrow::Schema> schema, EvalContext context, BadRowSink* bad_rows)
    : input_(std::move(input)),
      exprs_(std::move(exprs)),
      schema_(std::move(schema)),
      context_(std::move(context)),
      isolation_(bad_rows, context_.pool) {}

Result<std::shared_ptr<arrow::RecordBatch>> ProjectOperator::Next() {
  for (;;) {
    SLUICE_ASSIGN(auto slice, input_->Next());
    if (slice == nullptr) return slice;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    SLUICE_RETURN_IF_ERROR(isolation_.Run(*input_, &slice, [&](const arrow::RecordBatch& rows) -> Status {
      SLUICE_ASSIGN(columns, Evaluation(rows, context_).EvalAll(exprs_));
      return Status::OK();
    }));
    if (slice->num_rows() > 0) return arrow::RecordBatch::Make(schema_, slice->num_rows(), std::move(columns));
  }
}

}  // namespace sluice
