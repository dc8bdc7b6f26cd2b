// SPDX-License-Identifier: Apache-2.0
#include "exec/scan.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/spark_error.h"

namespace sluice {

Result<std::shared_ptr<arrow::RecordBatch>> ScanOperator::Next() {
  for (;;) {
    SLUICE_ASSIGN(auto slice, reader_->Next());
    for (const auto& [record, why] : reader_->TakeUnreadable()) {
      if (bad_rows_ == nullptr) return why;
      SLUICE_RETURN_IF_ERROR(bad_rows_->Add(record, why));
    }
    if (slice == nullptr) return slice;
    SLUICE_RETURN_IF_ERROR(CheckSlice(*slice));
    if (slice->num_rows() > 0) return slice;
  }
}

Status ScanOperator::CheckSlice(const arrow::RecordBatch& slice) const {
  if (slice.schema() == schema_) return Status::OK();
  bool same = slice.num_columns() == schema_->num_fields();
  for (int i = 0; same && i < slice.num_columns(); ++i) {
    same = slice.column(i)->type()->Equals(*schema_->field(i)->type());
  }
  if (same) return Status::OK();
  return InternalError(fmt::format("a reader gave columns [{}] where [{}] were planned", slice.schema()->ToString(),
                                   schema_->ToString()));
}

}  // namespace sluice
