// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/limit.h"

#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/pruning.h"

namespace sluice::plan {

std::string Limit::Line(const arrow::Schema& /*output*/) const {
  if (last_rows) return fmt::format("Tail {}", *rows);
  std::string text = rows ? fmt::format("Limit {}", *rows) : "Offset";
  if (offset > 0 || !rows) text += fmt::format("{}{}", rows ? " offset " : " ", offset);
  return text;
}

Pruned Limit::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  return PrunePassing(node, std::move(needed));
}

std::vector<EventTimeMark> Limit::EventTimes(const PlanNode& node) const {
  return EventTimesOf(*node.inputs[0]);
}

}  // namespace sluice::plan
