// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "expr/aggregate.h"
#include "plan/nodes/node.h"

namespace sluice {

class Measurement;

// What DataFrame.observe tells of the rows that pass it. Immutable.
struct Observation {
  std::string name;
  int64_t plan_id = 0;
  std::shared_ptr<arrow::Schema> values;  // of the aggregates
  std::vector<ExprPtr> metrics;           // over the values
  std::shared_ptr<arrow::Schema> schema;  // of the metrics
};

namespace plan {

// Passes rows on and measures them: no rule moves a filter or a limit past it. Output: the input's columns.
struct Observe {
  std::shared_ptr<const Observation> observation;
  std::vector<AggregateCall> calls;          // without DISTINCT and FILTER; their values are the observation's
  std::shared_ptr<Measurement> measurement;  // of the run (exec/observe.h); null: nobody asks for the metrics

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan

PlanPtr MakeObserve(PlanPtr input, plan::Observe observe);

// DUPLICATED_METRICS_NAME when two nodes of one name do not measure the same.
Status CheckObservationNames(const PlanNode& plan);

}  // namespace sluice
