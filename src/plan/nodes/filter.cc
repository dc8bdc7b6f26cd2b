// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/filter.h"

#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"

namespace sluice {
namespace plan {

void Filter::VisitExpressions(const ExprVisitor& visit) {
  visit(condition);
}

std::string Filter::Line(const arrow::Schema& /*output*/) const {
  return fmt::format("Filter {}", Shown(condition));
}

Pruned Filter::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  return PrunePassing(node, std::move(needed));
}

std::vector<EventTimeMark> Filter::EventTimes(const PlanNode& node) const {
  return EventTimesOf(*node.inputs[0]);
}

}  // namespace plan

PlanPtr MakeFilter(PlanPtr input, ExprPtr condition) {
  auto schema = input->schema;
  return MakeNode(plan::Filter{std::move(condition)}, {std::move(input)}, std::move(schema));
}

}  // namespace sluice
