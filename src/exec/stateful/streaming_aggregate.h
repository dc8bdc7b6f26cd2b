// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "exec/stateful/aggregate_shape.h"
#include "exec/stateful/event_time.h"
#include "exec/stateful/stateful_operator.h"

namespace sluice {

// GROUP BY over a stream. Each task aggregates its own rows; the partition of a group merges what the tasks have with
// what the state has: the state first, as in Spark. What is written depends on the output mode:
//   append    groups whose time has passed, as they leave the state
//   update    groups that this batch has rows of; those whose time has passed leave silently
//   complete  all groups, none ever leaves
// Groups come in an order that the rows alone decide.
class StreamingAggregate : public StatefulOperator {
 public:
  // `keys_in_values`: the state's values have the columns of their keys before what is saved, as those of Spark's first
  // version had.
  static Result<std::unique_ptr<StatefulOperator>> Make(const PlanNode& node, bool keys_in_values);

  OperatorStateSpec StateSpec(int64_t id, int partitions) const override;
  Result<std::unique_ptr<StateInput>> OpenInput(size_t side, const StateBatch& batch, Exchange* exchange,
                                                int task) const override;
  Result<std::unique_ptr<Operator>> OpenPartition(const StateBatch& batch, StatePartition partition) const override;
  // Spark runs the batch also where no group has a time by which it could leave.
  bool EvictsUnder(OutputMode mode) const override { return mode != OutputMode::kComplete; }

 private:
  std::shared_ptr<const AggregateShape> shape_;
  std::optional<EventTimeField> time_;
  bool keys_in_values_ = false;
};

}  // namespace sluice
