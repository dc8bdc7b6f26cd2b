// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

// Windows of `length_us`, one beginning each `slide_us`, shifted by `start_us`. Microseconds.
struct WindowLengths {
  int64_t length_us = 0;
  int64_t slide_us = 0;
  int64_t start_us = 0;
};

namespace plan {

// A row for each window that an input row's time lies in. Output: the input's columns, then the window.
struct TimeWindow {
  ExprPtr time;
  ExprPtr session_end;    // of a session, which lasts until then; null: windows of fixed lengths
  WindowLengths lengths;  // of windows that are no sessions

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
