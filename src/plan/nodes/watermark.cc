// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/watermark.h"

#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"

namespace sluice::plan {

size_t Watermark::column() const {
  return static_cast<size_t>(static_cast<const ColumnExpr&>(*time).index());
}

void Watermark::VisitExpressions(const ExprVisitor& visit) {
  visit(time);
}

std::string Watermark::Line(const arrow::Schema& /*output*/) const {
  return fmt::format("EventTimeWatermark {} delay={} ms", Shown(time), delay_ms);
}

Pruned Watermark::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  return PrunePassing(node, std::move(needed));
}

std::vector<EventTimeMark> Watermark::EventTimes(const PlanNode& node) const {
  std::vector<EventTimeMark> marks = EventTimesOf(*node.inputs[0]);
  marks[column()].delay_ms = delay_ms;
  return marks;
}

}  // namespace sluice::plan
