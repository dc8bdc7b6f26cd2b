// SPDX-License-Identifier: Apache-2.0
#include "exec/local.h"

namespace sluice {

Result<std::shared_ptr<arrow::RecordBatch>> LocalOperator::Next() {
  while (next_ < rows_.size()) {
    std::shared_ptr<arrow::RecordBatch> slice = std::move(rows_[next_++]);
    if (slice->num_rows() > 0) return slice;
  }
  return nullptr;
}

}  // namespace sluice
