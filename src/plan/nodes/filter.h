// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// The rows for which the condition is true. Output: the input's columns.
struct Filter {
  ExprPtr condition;

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan

PlanPtr MakeFilter(PlanPtr input, ExprPtr condition);

}  // namespace sluice
