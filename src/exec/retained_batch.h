// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"

namespace sluice {

// Rows that are kept beyond their slice must not keep the payload that their strings point into: a handful of rows
// would hold whole fetches or files in memory.

// The same rows: the bytes of long strings copied into buffers of their own, and small parts of large columns copied
// too. `pool` may be null.
Result<std::shared_ptr<arrow::Array>> OwnRows(const std::shared_ptr<arrow::Array>& column, arrow::MemoryPool* pool);
Result<std::shared_ptr<arrow::RecordBatch>> OwnRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                    arrow::MemoryPool* pool);
// Slices of one schema as one batch; each is let go as soon as it can be. `pool` may be null.
Result<std::shared_ptr<arrow::RecordBatch>> Concatenated(std::vector<std::shared_ptr<arrow::RecordBatch>> slices,
                                                         const std::shared_ptr<arrow::Schema>& schema,
                                                         arrow::MemoryPool* pool);
// Bytes of all buffers that the batch holds on to, each counted once a column.
int64_t RetainedBytes(const arrow::RecordBatch& batch);

}  // namespace sluice
