// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "base/status.h"
#include "connectors/parquet/column_plan.h"
#include "connectors/parquet/leaf_reader.h"

namespace sluice {

// The slice of a leaf, by its number in the file.
using SliceOfLeaf = std::function<LeafSlice*(int leaf)>;

// The array of a column over `rows` rows, from the slices of its leaves. A leaf that alone makes the column gives its
// buffers away. An error when the levels of the leaves contradict each other.
Result<std::shared_ptr<arrow::Array>> BuildColumn(const ColumnPlan& plan, int64_t rows, const SliceOfLeaf& slices);

}  // namespace sluice
