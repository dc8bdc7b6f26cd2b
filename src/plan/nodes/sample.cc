// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/sample.h"

#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/pruning.h"

namespace sluice::plan {

std::string Sample::Line(const arrow::Schema& /*output*/) const {
  return fmt::format("Sample [{}, {}){} seed={}", lower, upper, with_replacement ? " with replacement" : "", seed);
}

Pruned Sample::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  return PrunePassing(node, std::move(needed));
}

std::vector<EventTimeMark> Sample::EventTimes(const PlanNode& node) const {
  return EventTimesOf(*node.inputs[0]);
}

}  // namespace sluice::plan
