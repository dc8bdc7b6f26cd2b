// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"

namespace sluice {

// Arrow's filter and take know no view columns; these do. Strings of the result share the bytes of the input.

// Numbers of the rows where a boolean column is true, ascending.
Result<std::vector<int32_t>> RowsThatAreTrue(const arrow::Array& condition);
// The named rows, in the order named (a row may come twice). `pool` may be null.
Result<std::shared_ptr<arrow::Array>> SelectValues(const std::shared_ptr<arrow::Array>& column,
                                                   const std::vector<int32_t>& rows, arrow::MemoryPool* pool);
Result<std::shared_ptr<arrow::RecordBatch>> SelectRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                       const std::vector<int32_t>& rows, arrow::MemoryPool* pool);

}  // namespace sluice
