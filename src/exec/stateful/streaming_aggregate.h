// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "exec/stateful/event_time.h"
#include "exec/stateful/stateful_operator.h"
#include "expr/aggregate.h"

namespace sluice {

// GROUP BY over a stream. Each task aggregates its own rows; the partition of a group merges what the tasks have with
// what the state has: the state first, as in Spark. What is written depends on the output mode:
//   append    groups whose time has passed, as they leave the state
//   update    groups that this batch has rows of; those whose time has passed leave silently
//   complete  all groups, none ever leaves
// Groups come in an order that the rows alone decide.
class StreamingAggregate : public StatefulOperator {
 public:
  static Result<std::unique_ptr<StatefulOperator>> Make(const PlanNode& node);

  OperatorStateSpec StateSpec(int64_t id, int partitions) const override;
  Result<std::unique_ptr<StateInput>> OpenInput(size_t side, const StateBatch& batch, Exchange* exchange,
                                                int task) const override;
  Result<std::unique_ptr<Operator>> OpenPartition(const StateBatch& batch, StatePartition partition) const override;
  bool EvictsUnder(OutputMode mode) const override { return time_.has_value() && mode != OutputMode::kComplete; }

  // What the rows of a partition are made by. Immutable.
  struct Shape {
    std::vector<ExprPtr> keys;       // of the state: without constants and repetitions
    std::vector<int> key_of;         // of each key of the result: its place in `keys`, or -1: a constant
    std::vector<ExprPtr> constants;  // by key of the result, null unless it is one
    std::vector<AggregateCall> calls;
    std::shared_ptr<arrow::Schema> key_schema;
    std::shared_ptr<arrow::Schema> value_schema;
    std::shared_ptr<arrow::Schema> output;
  };

 private:
  std::shared_ptr<const Shape> shape_;
  std::optional<EventTimeField> time_;
};

}  // namespace sluice
