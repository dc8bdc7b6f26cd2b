// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plan/nodes/node.h"
#include "plan/window.h"

namespace sluice {

namespace plan {

// Functions over the rows that stand with a row in a partition. Output: the input's columns, then one a call.
struct Window {
  std::vector<ExprPtr> partition;  // PARTITION BY
  std::vector<SortKey> order;      // ORDER BY
  std::vector<WindowCall> calls;

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
