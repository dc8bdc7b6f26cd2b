// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// The rows of two inputs or more one after the other. Output: the columns of each input, which has the same schema.
struct Union {
  void VisitExpressions(const ExprVisitor& /*visit*/) {}
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
