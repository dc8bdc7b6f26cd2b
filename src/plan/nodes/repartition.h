// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// The same rows in other tasks. Output: the input's columns.
struct Repartition {
  int partitions = 0;
  bool shuffle = false;  // repartition(n), else coalesce(n)

  void VisitExpressions(const ExprVisitor& /*visit*/) {}
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
