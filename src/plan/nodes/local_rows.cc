// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/local_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"

namespace sluice::plan {

std::string LocalRows::Line(const arrow::Schema& output) const {
  return fmt::format("LocalRows [{}]", Listed(output.field_names()));
}

Pruned LocalRows::Prune(const PlanPtr& node, std::vector<bool> /*needed*/) const {
  return Unchanged(node);
}

std::vector<EventTimeMark> LocalRows::EventTimes(const PlanNode& node) const {
  return NoEventTimes(node);
}

}  // namespace sluice::plan
