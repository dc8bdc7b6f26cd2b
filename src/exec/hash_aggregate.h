// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "exec/aggregate_state.h"
#include "exec/operator.h"
#include "exec/part_opener.h"

namespace sluice {

// Groups rows and aggregates each group; also DISTINCT, as groups without aggregates. The input comes in parts, which
// up to `threads` threads aggregate each for itself; the results are merged in the order of the parts, so that they do
// not depend on the threads. Without key columns there is one row, even of no input.
class HashAggregateOperator : public Operator {
 public:
  HashAggregateOperator(AggregateSpec spec, int parts, PartOpener open, int threads);
  ~HashAggregateOperator() override;
  const std::shared_ptr<arrow::Schema>& schema() const override { return spec_.schema; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override;

 private:
  class InOrder;
  class Running;
  Status AddPart(int part, InOrder* merged);
  Status Aggregate();

  const AggregateSpec spec_;
  const int parts_;
  const PartOpener open_;
  const int threads_;
  std::unique_ptr<Running> running_;
  bool done_ = false;
  MemoryReservation memory_;  // of the result
  std::shared_ptr<arrow::RecordBatch> result_;
  int64_t given_ = 0;
};

}  // namespace sluice
