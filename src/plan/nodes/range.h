// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// The numbers from `start` on, `step` apart, before `end`. Output: one BIGINT column.
struct Range {
  int64_t start = 0;
  int64_t end = 0;
  int64_t step = 1;

  void VisitExpressions(const ExprVisitor& /*visit*/) {}
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
