// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "connectors/file/table_memory.h"
#include "connectors/parquet/leaf_plan.h"
#include "connectors/parquet/leaf_values.h"

namespace parquet {
class RowGroupReader;
}

namespace sluice {

// Some rows of a leaf column: a level an entry, and the values of those entries whose definition level is the column's
// highest. Level pointers are null where the column has no such levels, and stand until the next call.
struct LeafSlice {
  const int16_t* definition = nullptr;
  const int16_t* repetition = nullptr;
  int64_t entries = 0;
  int16_t present = 0;  // the definition level of an entry that has a value
  int64_t count = 0;    // of the values
  LeafValues::Taken values;
};

// Reads a leaf column of one row group, also below lists. One thread at a time; throws parquet::ParquetException for
// damaged files, as Parquet's readers do.
class LeafReader {
 public:
  // `leaf`: the column's number in the file.
  static std::unique_ptr<LeafReader> Open(parquet::RowGroupReader* group, int leaf, const LeafPlan& plan,
                                          ReaderMemory* memory);
  virtual ~LeafReader() = default;
  // The next `rows` rows, which must be there.
  virtual Result<LeafSlice> Read(int64_t rows) = 0;
  // Passes over rows, which must be there.
  virtual Status Skip(int64_t rows) = 0;
};

}  // namespace sluice
