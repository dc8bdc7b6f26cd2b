// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "expr/aggregate.h"
#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// A row for each group of rows with equal keys; without keys one row of all. Output: the keys, then the calls.
struct Aggregate {
  std::vector<ExprPtr> keys;
  std::vector<AggregateCall> calls;
  bool deduplicate = false;       // made from DISTINCT or dropDuplicates
  bool within_watermark = false;  // dropDuplicatesWithinWatermark

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

// The expressions that a call holds.
void VisitCall(AggregateCall& call, const ExprVisitor& visit);

}  // namespace plan
}  // namespace sluice
