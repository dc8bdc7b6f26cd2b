// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/sort.h"

#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"

namespace sluice::plan {

void Sort::VisitExpressions(const ExprVisitor& visit) {
  for (SortKey& key : keys) visit(key.expr);
}

std::string Sort::Line(const arrow::Schema& /*output*/) const {
  return fmt::format("Sort [{}]", ShownKeys(keys));
}

Pruned Sort::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  return PrunePassing(node, std::move(needed));
}

std::vector<EventTimeMark> Sort::EventTimes(const PlanNode& node) const {
  return EventTimesOf(*node.inputs[0]);
}

}  // namespace sluice::plan
