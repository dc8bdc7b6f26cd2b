// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "connectors/parquet/parquet_schema.h"

namespace sluice {

// The rows of one leaf column as Parquet wants them: a definition and a repetition level an entry, and the values that
// are there as positions in the leaf's array. Reused from slice to slice.
struct LeafLevels {
  std::vector<int16_t> definition;
  std::vector<int16_t> repetition;
  std::vector<int32_t> select;
  const arrow::Array* leaf = nullptr;  // valid as long as the sliced array is

  void Clear() {
    definition.clear();
    repetition.clear();
    select.clear();
  }
};

// Levels of all leaves of one column. `rows`: which rows, or null for the first `count`. `leaves` has one element a
// leaf of the shape. `keep` receives arrays that must outlive the use of `leaves`.
Status ShredColumn(const ColumnShape& shape, const std::shared_ptr<arrow::Array>& array, const int32_t* rows,
                   int64_t count, std::vector<LeafLevels>* leaves, std::vector<std::shared_ptr<arrow::Array>>* keep);

}  // namespace sluice
