// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "exec/value_order.h"
#include "plan/plan.h"

namespace sluice {

// Compares the values of one key column in the order of a sort. Immutable.
class KeyOrder {
 public:
  static Result<KeyOrder> Make(const std::shared_ptr<arrow::Array>& column, bool ascending, bool nulls_first);
  // Negative, 0 or positive as row a comes before, with or after row b.
  int Compare(int64_t a, int64_t b) const;

 private:
  KeyOrder(std::unique_ptr<ValueOrder> values, bool ascending, bool nulls_first)
      : values_(std::move(values)), ascending_(ascending), nulls_first_(nulls_first) {}

  std::unique_ptr<ValueOrder> values_;
  bool ascending_;
  bool nulls_first_;
};

// Whole partitions of a window, sorted. Ends are exclusive.
struct WindowRows {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<int64_t> partition_begin;  // by row
  std::vector<int64_t> partition_end;
  std::vector<int64_t> peers_begin;  // rows that ORDER BY does not tell apart from this one
  std::vector<int64_t> peers_end;
  std::shared_ptr<arrow::Array> range_key;  // the first ORDER BY key; null: none
  bool ascending = true;                    // of that key
  bool nulls_first = true;

  int64_t size() const { return rows->num_rows(); }
};

// `partition` and `order`: the key columns of the rows, in step with them.
Result<WindowRows> MakeWindowRows(std::shared_ptr<arrow::RecordBatch> rows, const arrow::ArrayVector& partition,
                                  const arrow::ArrayVector& order, const std::vector<SortKey>& keys);

// The rows [begin[i], end[i]) that stand in the frame of row i; begin <= end.
struct FrameRows {
  std::vector<int64_t> begin;
  std::vector<int64_t> end;
};
Result<FrameRows> FramesOf(const WindowFrame& frame, const WindowRows& rows, const EvalContext& context);

// The column of one call over whole partitions.
Result<std::shared_ptr<arrow::Array>> EvalWindowCall(const WindowCall& call, const WindowRows& rows,
                                                     const EvalContext& context);
// The same of an aggregate (window_aggregate.cc).
Result<std::shared_ptr<arrow::Array>> EvalWindowAggregate(const WindowCall& call, const WindowRows& rows,
                                                          const EvalContext& context);

}  // namespace sluice
