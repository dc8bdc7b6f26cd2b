// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "expr/aggregate.h"
#include "plan/plan.h"

namespace sluice {

class Measurement;

// What DataFrame.observe tells of the rows that pass it. Immutable.
struct Observation {
  std::string name;
  int64_t plan_id = 0;
  std::shared_ptr<arrow::Schema> values;     // of the aggregates
  std::vector<ExprPtr> metrics;              // over the values
  std::shared_ptr<arrow::Schema> schema;     // of the metrics
  std::shared_ptr<Measurement> measurement;  // of the run (exec/observe.h); null: the plan does not run
};

// The condition of a Filter node that lets every row pass and measures it: its children are the arguments of the
// aggregates. Rules take it for a condition that depends on more than its row, and move no other one past it. It has no
// value itself: an operator of its own stands for the filter.
class ObserveExpr : public Expr {
 public:
  // Calls without DISTINCT and FILTER.
  ObserveExpr(std::shared_ptr<const Observation> observation, std::vector<AggregateCall> calls);
  const std::shared_ptr<const Observation>& observation() const { return observation_; }
  std::vector<AggregateCall> Calls() const;
  std::string ToString() const override;
  bool deterministic() const override { return false; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;

 private:
  const std::shared_ptr<const Observation> observation_;
  const std::vector<AggregateCall> calls_;  // as they were made: the children have their arguments now
};

// The condition of a node that observes; null for other nodes.
const ObserveExpr* ObserveOf(const PlanNode& node);
PlanPtr MakeObserveNode(PlanPtr input, std::shared_ptr<const Observation> observation,
                        std::vector<AggregateCall> calls);

// DUPLICATED_METRICS_NAME when two nodes of one name do not measure the same.
Status CheckObservationNames(const PlanNode& plan);

}  // namespace sluice
