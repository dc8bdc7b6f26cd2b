// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "exec/part_opener.h"
#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

class Exchange;

// Says for the rows of one task to which partition each goes. What it says depends on the rows and on the number of the
// task alone. One thread.
class RowPlacement {
 public:
  virtual ~RowPlacement() = default;
  // An error of a row carries the row's number.
  virtual Result<std::vector<int32_t>> PartitionsOf(const std::shared_ptr<arrow::RecordBatch>& rows) = 0;
};

// Of a repartition that moves rows, but for those by range. `context` must outlive it.
std::unique_ptr<RowPlacement> MakePlacement(const plan::Repartition& repartition, int task, const EvalContext& context);

// Brings the rows of a task to an exchange, up to the last one.
Status PlaceRows(Operator* rows, RowPlacement* placement, int task, Exchange* exchange, arrow::MemoryPool* pool);

// Brings the rows of a task to an exchange's one partition; gives their number.
Result<int64_t> PlaceTogether(Operator* rows, int task, Exchange* exchange, arrow::MemoryPool* pool);

// Brings rows that are in the order of the keys to an exchange of one task, in consecutive shares of even size: rows
// with equal keys stay together. `count` is the number of all rows.
Status PlaceInShares(Operator* rows, const std::vector<SortKey>& keys, int64_t count, Exchange* exchange,
                     const EvalContext& context);

}  // namespace sluice
