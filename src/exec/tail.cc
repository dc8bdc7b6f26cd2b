// SPDX-License-Identifier: Apache-2.0
#include "exec/tail.h"

#include <utility>

#include "exec/retained_batch.h"

namespace sluice {

TailOperator::TailOperator(std::unique_ptr<Operator> input, int64_t rows, EvalContext context, MemoryBudget* budget)
    : input_(std::move(input)), rows_(rows), context_(std::move(context)), memory_(budget, "The last rows") {}

Status TailOperator::ReadAll() {
  int64_t bytes = 0;
  for (;;) {
    SLUICE_ASSIGN(auto slice, input_->Next());
    if (slice == nullptr) break;
    SLUICE_ASSIGN(slice, OwnRows(slice, context_.pool));
    bytes += RetainedBytes(*slice);
    kept_rows_ += slice->num_rows();
    kept_.push_back(std::move(slice));
    while (kept_rows_ - kept_.front()->num_rows() >= rows_ && kept_.size() > 1) {
      kept_rows_ -= kept_.front()->num_rows();
      bytes -= RetainedBytes(*kept_.front());
      kept_.pop_front();
    }
    SLUICE_RETURN_IF_ERROR(memory_.Cover(bytes));
  }
  if (kept_rows_ > rows_) {
    auto& first = kept_.front();
    first = first->Slice(kept_rows_ - rows_);
    if (first->num_rows() == 0) kept_.pop_front();
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> TailOperator::Next() {
  if (!std::exchange(read_, true)) SLUICE_RETURN_IF_ERROR(ReadAll());
  if (kept_.empty()) {
    memory_.Release();
    return nullptr;
  }
  auto slice = std::move(kept_.front());
  kept_.pop_front();
  return slice;
}

}  // namespace sluice
