// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/buffer.h>
#include <parquet/types.h>

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "connectors/file/table_memory.h"
#include "connectors/parquet/leaf_plan.h"

namespace sluice {

// The values of a leaf that are there, one after the other, in the form of the engine: numbers, or views with their
// bytes in one buffer. Counts what it holds as memory of the reader. One thread at a time.
class LeafValues {
 public:
  LeafValues(LeafPlan plan, ReaderMemory* memory) : plan_(std::move(plan)), claim_(memory) {}

  int64_t size() const { return size_; }
  const LeafPlan& plan() const { return plan_; }

  // Appends values as Parquet has them. An error when one does not fit the type.
  Status Append(const bool* values, int64_t count);
  Status Append(const int32_t* values, int64_t count);
  Status Append(const int64_t* values, int64_t count);
  Status Append(const float* values, int64_t count);
  Status Append(const double* values, int64_t count);
  Status Append(const parquet::Int96* values, int64_t count);
  Status Append(const parquet::ByteArray* values, int64_t count);
  Status Append(const parquet::FixedLenByteArray* values, int64_t count);

  struct Taken {
    std::shared_ptr<arrow::Buffer> values;  // plan().width bytes each
    std::shared_ptr<arrow::Buffer> bytes;   // of views; may be null
  };
  // The first `count` values, which must be there; what is left comes first next time.
  Result<Taken> Take(int64_t count);

 private:
  Status Reserve(int64_t count);
  template <typename Out, typename In, typename Convert>
  Status AppendEach(const In* values, int64_t count, Convert convert);
  template <typename In, typename ToDecimal>
  Status AppendDecimals(const In* values, int64_t count, ToDecimal to_decimal);
  template <typename In, typename ToView>
  Status AppendViews(const In* values, int64_t count, ToView to_view);
  template <typename In>
  Status AppendWhole(const In* values, int64_t count);

  const LeafPlan plan_;
  MemoryClaim claim_;
  std::unique_ptr<arrow::ResizableBuffer> values_;
  std::unique_ptr<arrow::ResizableBuffer> bytes_;
  int64_t size_ = 0;
  int64_t bytes_size_ = 0;
};

}  // namespace sluice
