// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/repartition.h"

#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/pruning.h"

namespace sluice::plan {

std::string Repartition::Line(const arrow::Schema& /*output*/) const {
  return fmt::format("{} {}", shuffle ? "Repartition" : "Coalesce", partitions);
}

Pruned Repartition::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  return PrunePassing(node, std::move(needed));
}

std::vector<EventTimeMark> Repartition::EventTimes(const PlanNode& node) const {
  return EventTimesOf(*node.inputs[0]);
}

}  // namespace sluice::plan
