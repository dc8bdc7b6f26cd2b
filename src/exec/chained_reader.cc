// SPDX-License-Identifier: Apache-2.0
#include "exec/chained_reader.h"

#include <arrow/record_batch.h>

#include "base/spark_error.h"

namespace sluice {

Status ChainedReader::OpenNext() {
  SLUICE_ASSIGN(auto opened, source_->OpenWanted(inputs_[next_++], columns_, wanted_));
  std::lock_guard lock(mutex_);
  if (cancelled_) return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
  current_ = std::move(opened);
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> ChainedReader::Next() {
  for (;;) {
    if (current_ != nullptr) {
      SLUICE_ASSIGN(auto slice, current_->Next());
      if (slice != nullptr) return slice;
    }
    if (next_ == inputs_.size()) return nullptr;
    SLUICE_RETURN_IF_ERROR(OpenNext());
  }
}

void ChainedReader::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (current_ != nullptr) current_->Cancel();
}

}  // namespace sluice
