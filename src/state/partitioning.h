// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <vector>

namespace sluice {

// The state partition of each row: pmod of Spark's Murmur3 (seed 42) over the key columns in their order. Floats must
// be as NormalKeyColumn gives them.
std::vector<int32_t> PartitionsOf(const arrow::ArrayVector& keys, int64_t rows, int32_t partitions);

}  // namespace sluice
