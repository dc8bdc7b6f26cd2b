// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// Passes rows on and says how late they may come. Output: the input's columns.
struct Watermark {
  ExprPtr time;  // a column: the event time
  int64_t delay_ms = 0;

  // The column's place in the input.
  size_t column() const;

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
