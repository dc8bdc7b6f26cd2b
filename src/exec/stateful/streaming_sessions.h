// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exec/stateful/aggregate_shape.h"
#include "exec/stateful/stateful_operator.h"

namespace sluice {

// GROUP BY session_window(..) and further keys over a stream. Each row is a session of its own at first; sessions of a
// key that touch or overlap become one, those of the state among them, in the order of their starts. The state has the
// further keys and the session's start as key, all keys and the running values as value. What is written:
//   append    sessions whose end the watermark has passed, as they leave the state
//   complete  all sessions, none ever leaves
// Late sessions are dropped in both modes, before they are merged.
class StreamingSessions : public StatefulOperator {
 public:
  // Which of the state's keys are what. Immutable.
  struct Shape {
    std::shared_ptr<const AggregateShape> groups;
    int session = 0;          // of groups->keys
    std::vector<int> others;  // all but the session
    bool timed = false;       // the session's end is an event time with a watermark
    std::shared_ptr<arrow::Schema> key_schema;
    std::shared_ptr<arrow::Schema> value_schema;
  };

  // `session`: which of the node's keys. Sessions without a further key are refused, as Spark does.
  static Result<std::unique_ptr<StatefulOperator>> Make(const PlanNode& node, int session);

  OperatorStateSpec StateSpec(int64_t id, int partitions) const override;
  Result<std::unique_ptr<StateInput>> OpenInput(size_t side, const StateBatch& batch, Exchange* exchange,
                                                int task) const override;
  Result<std::unique_ptr<Operator>> OpenPartition(const StateBatch& batch, StatePartition partition) const override;
  bool EvictsUnder(OutputMode mode) const override { return shape_->timed && mode != OutputMode::kComplete; }

 private:
  std::shared_ptr<const Shape> shape_;
};

}  // namespace sluice
