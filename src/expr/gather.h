// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"

namespace sluice {

// The rows `indices` of a column, in that order; -1 gives NULL. Strings share the column's bytes.
// For every type of the engine (Arrow's own Take lacks views in nested columns).
Result<std::shared_ptr<arrow::Array>> TakeRows(const std::shared_ptr<arrow::Array>& column,
                                               const std::vector<int64_t>& indices, arrow::MemoryPool* pool);
Result<std::shared_ptr<arrow::RecordBatch>> TakeBatchRows(const arrow::RecordBatch& batch,
                                                          const std::vector<int64_t>& indices, arrow::MemoryPool* pool);

}  // namespace sluice
