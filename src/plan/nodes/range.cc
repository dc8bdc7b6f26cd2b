// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/range.h"

#include <fmt/format.h>

#include "plan/event_time.h"
#include "plan/pruning.h"

namespace sluice::plan {

std::string Range::Line(const arrow::Schema& /*output*/) const {
  return fmt::format("Range ({}, {}, step={})", start, end, step);
}

Pruned Range::Prune(const PlanPtr& node, std::vector<bool> /*needed*/) const {
  return Unchanged(node);
}

std::vector<EventTimeMark> Range::EventTimes(const PlanNode& node) const {
  return NoEventTimes(node);
}

}  // namespace sluice::plan
