// SPDX-License-Identifier: Apache-2.0
#include "plan/event_time.h"

#include <arrow/type.h>

#include <variant>

#include "expr/function_expr.h"

namespace sluice {
namespace {

void Collect(const PlanNode& node, std::vector<const PlanNode*>* found) {
  if (!IsStreaming(node)) return;
  if (node.Is<plan::Watermark>()) found->push_back(&node);
  for (const PlanPtr& input : node.inputs) Collect(*input, found);
}

}  // namespace

EventTimeMark EventTimeOf(const ExprPtr& expr, const std::vector<EventTimeMark>& below) {
  if (const auto* call = dynamic_cast<const FunctionExpr*>(expr.get());
      call != nullptr && call->name() == "window_time") {
    EventTimeMark mark = EventTimeOf(call->children()[0], below);
    mark.window = mark.session = false;
    return mark;
  }
  const auto* column = dynamic_cast<const ColumnExpr*>(expr.get());
  return column == nullptr ? EventTimeMark() : below[static_cast<size_t>(column->index())];
}

std::vector<EventTimeMark> EventTimesOf(const PlanNode& node) {
  return std::visit([&](const auto& op) { return op.EventTimes(node); }, node.op);
}

std::vector<EventTimeMark> NoEventTimes(const PlanNode& node) {
  return std::vector<EventTimeMark>(static_cast<size_t>(node.schema->num_fields()));
}

int EventTimeColumn(const std::vector<EventTimeMark>& marks) {
  for (size_t i = 0; i < marks.size(); ++i) {
    if (marks[i].delay_ms) return static_cast<int>(i);
  }
  return -1;
}

std::vector<const PlanNode*> WatermarksOf(const PlanNode& plan) {
  std::vector<const PlanNode*> found;
  Collect(plan, &found);
  return found;
}

}  // namespace sluice
