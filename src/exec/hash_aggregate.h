// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "exec/aggregate_state.h"
#include "exec/operator.h"
#include "exec/part_opener.h"
#include "exec/running_parts.h"
#include "exec/stored_input.h"

namespace sluice {

// Groups rows and aggregates each group; also DISTINCT, as groups without aggregates. The input comes in parts, which
// up to `threads` threads aggregate each for itself; the results are merged in the order of the parts, so that they do
// not depend on the threads. Without key columns there is one row, even of no input.
//
// Groups, or without keys distinct values, that do not fit into the memory budget are made in ranges of their hashes:
// the input, where it is repeatable, is read a second time and brought to an exchange, of which each range reads its
// rows. What cannot be divided so fails by SLUICE_MEMORY_BUDGET.
class HashAggregateOperator : public Operator {
 public:
  HashAggregateOperator(AggregateSpec spec, int parts, PartOpener open, int threads);
  ~HashAggregateOperator() override;
  const std::shared_ptr<arrow::Schema>& schema() const override { return spec_.schema; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override;

 private:
  class InOrder;
  Status StoreInput();
  Status AddPart(int part, const HashRange& range, StoredInput* stored, InOrder* merged);
  void Saw(const AggregateState& state, const Status& status);
  // `stored` may be null: then the input itself is read.
  Result<std::unique_ptr<AggregateState>> AggregateRange(const HashRange& range, StoredInput* stored);
  Result<std::unique_ptr<AggregateState>> AggregateNextRange();
  Result<std::shared_ptr<arrow::RecordBatch>> NextResult();

  const AggregateSpec spec_;
  const int parts_;
  const PartOpener open_;
  const int threads_;
  RunningParts running_;
  std::unique_ptr<StoredInput> stored_;         // null: everything has fitted so far
  std::vector<HashRange> ranges_{HashRange{}};  // to come, the next one last
  std::atomic<bool> overflowed_{false};         // the states, not what is below
  std::atomic<int64_t> most_keys_{0};           // of the states of this range, what smaller ones would divide
  MemoryReservation memory_;                    // of the result
  std::shared_ptr<arrow::RecordBatch> result_;
  int64_t given_ = 0;
};

}  // namespace sluice
