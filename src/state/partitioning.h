// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice {

// The state partition of each row: pmod of Spark's Murmur3 (seed 42) over the key columns in their order. Floats must
// be as NormalKeyColumn gives them.
std::vector<int32_t> PartitionsOf(const arrow::ArrayVector& keys, int64_t rows, int32_t partitions);

// How many of a key's first columns choose its partition; none: nobody knows. By the operator's name in its metadata;
// `prefix_columns` is what the metadata says of the store, `columns` how many the key has.
std::optional<int> PartitioningColumns(std::string_view operator_name, std::string_view store, int prefix_columns,
                                       int columns);

}  // namespace sluice
