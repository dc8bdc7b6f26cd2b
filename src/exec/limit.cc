// SPDX-License-Identifier: Apache-2.0
#include "exec/limit.h"

#include <algorithm>

namespace sluice {

Result<std::shared_ptr<arrow::RecordBatch>> LimitOperator::Next() {
  if (limit_ && *limit_ <= 0) return nullptr;
  for (;;) {
    SLUICE_ASSIGN(auto slice, input_->Next());
    if (slice == nullptr) return slice;
    skipped_in_slice_ = std::min(to_skip_, slice->num_rows());
    to_skip_ -= skipped_in_slice_;
    int64_t rows = slice->num_rows() - skipped_in_slice_;
    if (rows == 0) continue;
    if (limit_) {
      rows = std::min(rows, *limit_);
      *limit_ -= rows;
      if (*limit_ == 0) input_->Cancel();
    }
    return rows == slice->num_rows() ? slice : slice->Slice(skipped_in_slice_, rows);
  }
}

}  // namespace sluice
