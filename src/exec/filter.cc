// SPDX-License-Identifier: Apache-2.0
#include "exec/filter.h"

#include <utility>

#include "exec/select_rows.h"

namespace sluice {

FilterOperator::FilterOperator(std::unique_ptr<Operator> input, ExprPtr condition, EvalContext context)
    : input_(std::move(input)), condition_(std::move(condition)), context_(std::move(context)) {}

Result<std::shared_ptr<arrow::RecordBatch>> FilterOperator::Next() {
  for (;;) {
    SLUICE_ASSIGN(auto slice, input_->Next());
    if (slice == nullptr) return slice;
    Evaluation evaluation(*slice, context_);
    auto condition = evaluation.Eval(condition_);
    if (!condition.ok()) return AtPlaceOf(*input_, condition.status());
    SLUICE_ASSIGN(selected_, RowsThatAreTrue(**condition));
    if (!selected_.empty()) return SelectRows(slice, selected_, context_.pool);
  }
}

std::string FilterOperator::PlaceOf(int64_t row) const {
  if (row < 0 || row >= static_cast<int64_t>(selected_.size())) return {};
  return input_->PlaceOf(selected_[static_cast<size_t>(row)]);
}

}  // namespace sluice
