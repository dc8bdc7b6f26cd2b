// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/union.h"

#include <arrow/type.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/pruning.h"

namespace sluice::plan {

std::string Union::Line(const arrow::Schema& /*output*/) const {
  return "Union";
}

// Every input gives the same columns in the same places, whatever it could leave out itself.
Pruned Union::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  KeepOne(*node->schema, &needed);
  Pruned pruned;
  const auto schema = KeepFields(*node->schema, needed, &pruned.columns);
  std::vector<PlanPtr> inputs;
  for (const PlanPtr& input : node->inputs) {
    const Pruned below = sluice::Prune(input, needed);
    inputs.push_back(MakeProject(below.plan, KeepItems(below.columns, needed), schema));
  }
  pruned.plan = MakeNode(*this, std::move(inputs), schema);
  return pruned;
}

std::vector<EventTimeMark> Union::EventTimes(const PlanNode& node) const {
  return EventTimesOf(*node.inputs[0]);
}

}  // namespace sluice::plan
