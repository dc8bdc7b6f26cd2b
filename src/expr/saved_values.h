// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"

namespace sluice {

// What an Accumulator is besides, when its running values can be the state of a streaming query: columns of Spark's own
// buffer of the aggregate, by its names. As the accumulator, one thread at a time.
class SavedValues {
 public:
  virtual ~SavedValues() = default;
  virtual arrow::FieldVector SavedFields() const = 0;
  // One row a group.
  virtual Result<arrow::ArrayVector> Save() const = 0;
  // Adds saved values: row i goes to group group_ids[i].
  virtual Status MergeSaved(const arrow::ArrayVector& saved, const uint32_t* group_ids, int64_t rows) = 0;
};

}  // namespace sluice
