// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// Some of the rows, by their place. Output: the input's columns.
struct Limit {
  std::optional<int64_t> rows;  // none: no limit, only an offset
  int64_t offset = 0;           // rows skipped first
  bool last_rows = false;       // the last `rows` instead of the first; `rows` is there

  void VisitExpressions(const ExprVisitor& /*visit*/) {}
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
