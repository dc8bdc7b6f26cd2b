// SPDX-License-Identifier: Apache-2.0
#include "exec/filter.h"

#include <utility>

#include "exec/select_rows.h"

namespace sluice {

FilterOperator::FilterOperator(std::unique_ptr<Operator> input, ExprPtr condition, EvalContext context,
                               BadRowSink* bad_rows)
    : input_(std::move(input)),
      condition_(std::move(condition)),
      context_(std::move(context)),
      isolation_(bad_rows, context_.pool) {}

Result<std::shared_ptr<arrow::RecordBatch>> FilterOperator::Next() {
  for (;;) {
    SLUICE_ASSIGN(auto slice, input_->Next());
    if (slice == nullptr) return slice;
    selected_.clear();
    SLUICE_RETURN_IF_ERROR(isolation_.Run(*input_, &slice, [&](const arrow::RecordBatch& rows) -> Status {
      Evaluation evaluation(rows, context_);
      SLUICE_ASSIGN(const auto condition, evaluation.Eval(condition_));
      SLUICE_ASSIGN(selected_, RowsThatAreTrue(*condition));
      return Status::OK();
    }));
    if (!selected_.empty()) return SelectRows(slice, selected_, context_.pool);
  }
}

int64_t FilterOperator::InputRow(int64_t row) const {
  if (row < 0 || row >= static_cast<int64_t>(selected_.size())) return -1;
  return isolation_.InputRow(selected_[static_cast<size_t>(row)]);
}

std::string FilterOperator::PlaceOf(int64_t row) const {
  const int64_t below = InputRow(row);
  return below < 0 ? std::string() : input_->PlaceOf(below);
}

}  // namespace sluice
