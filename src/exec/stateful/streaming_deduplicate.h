// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "exec/stateful/event_time.h"
#include "exec/stateful/stateful_operator.h"

namespace sluice {

// dropDuplicates over a stream: gives the first row of each key, and keeps the key. A key that has an event time leaves
// once the watermark has passed it; of dropDuplicatesWithinWatermark each key stays for the delay after its first row.
class StreamingDeduplicate : public StatefulOperator {
 public:
  static Result<std::unique_ptr<StatefulOperator>> Make(const PlanNode& node);

  OperatorStateSpec StateSpec(int64_t id, int partitions) const override;
  Result<std::unique_ptr<StateInput>> OpenInput(size_t side, const StateBatch& batch, Exchange* exchange,
                                                int task) const override;
  Result<std::unique_ptr<Operator>> OpenPartition(const StateBatch& batch, StatePartition partition) const override;
  // Spark runs the batch also where no key has a time by which it could leave.
  bool EvictsUnder(OutputMode) const override { return true; }

  // Immutable.
  struct Shape {
    std::vector<ExprPtr> exprs;  // the keys, then the other columns
    size_t keys = 0;
    std::shared_ptr<arrow::Schema> output;
    std::shared_ptr<arrow::Schema> key_schema;
    std::shared_ptr<arrow::Schema> value_schema;
    std::optional<EventTimeField> time;  // of the output's columns: by it a row is late
    std::optional<int64_t> delay_us;     // within the watermark: how long a key stays

    bool key_has_time() const { return time && static_cast<size_t>(time->column) < keys; }
    bool evicts() const { return delay_us.has_value() || key_has_time(); }
  };

 private:
  std::shared_ptr<const Shape> shape_;
};

}  // namespace sluice
