// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exec/stateful/event_time.h"
#include "exec/stateful/stateful_operator.h"
#include "plan/stream_join.h"

namespace sluice {

// A join of two streams. Both sides keep their rows, and each row meets those that the other side keeps: first the left
// rows of a batch, then the right ones, which meet the new left rows too. What the watermark lets go leaves at the end
// of the batch; a row of an outer side that never had a partner is then given with NULLs. Rows come in an order that
// the inputs' rows alone decide.
class StreamJoin : public StatefulOperator {
 public:
  // `matched_flags`: what is kept of a row tells whether it had a partner. Without them, as in Spark's first version,
  // only inner joins are right, and others are refused.
  static Result<std::unique_ptr<StatefulOperator>> Make(const PlanNode& node, bool matched_flags);

  OperatorStateSpec StateSpec(int64_t id, int partitions) const override;
  Result<std::unique_ptr<StateInput>> OpenInput(size_t side, const StateBatch& batch, Exchange* exchange,
                                                int task) const override;
  Result<std::unique_ptr<Operator>> OpenPartition(const StateBatch& batch, StatePartition partition) const override;
  bool EvictsUnder(OutputMode) const override;

  // Immutable.
  struct Side {
    std::string name;
    std::shared_ptr<arrow::Schema> rows;
    std::vector<bool> without_nulls;     // of each of its columns
    std::vector<ExprPtr> keys;           // over the side's rows
    std::vector<ExprPtr> conditions;     // over them too: a row that fails them never has a partner
    std::optional<EventTimeField> time;  // by it a row is late
    JoinEviction eviction;
    bool kept = false;  // its rows are given without a partner, too
  };
  struct Shape {
    JoinType type = JoinType::kInner;
    bool matched_flags = true;
    std::array<Side, 2> sides;
    std::vector<ExprPtr> conditions;      // over both sides' columns
    std::shared_ptr<arrow::Schema> both;  // these columns
    std::shared_ptr<arrow::Schema> output;
    std::shared_ptr<arrow::Schema> key_schema;
  };

 private:
  std::shared_ptr<const Shape> shape_;
};

}  // namespace sluice
