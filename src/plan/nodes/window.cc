// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/window.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"
#include "plan/rewrite.h"
#include "plan/session_windows.h"

namespace sluice::plan {

void Window::VisitExpressions(const ExprVisitor& visit) {
  for (ExprPtr& expr : partition) visit(expr);
  for (SortKey& key : order) visit(key.expr);
  for (WindowCall& window : calls) {
    VisitCall(window.call, visit);
    if (window.frame.lower.value != nullptr) visit(window.frame.lower.value);
    if (window.frame.upper.value != nullptr) visit(window.frame.upper.value);
  }
}

std::string Window::Line(const arrow::Schema& /*output*/) const {
  std::vector<std::string> texts;
  for (const WindowCall& window : calls) texts.push_back(window.call.display);
  return fmt::format("Window [{}] partition=[{}] order=[{}]", Listed(texts), ShownList(partition), ShownKeys(order));
}

// The calls come behind whatever the input gives.
Pruned Window::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  const auto width = static_cast<size_t>(node->inputs[0]->schema->num_fields());
  const std::vector<bool> needed_calls(needed.begin() + static_cast<std::ptrdiff_t>(width), needed.end());
  auto fewer = std::make_shared<PlanNode>(*node);
  fewer->Get<Window>().calls = KeepItems(calls, needed_calls);
  needed.resize(width);
  if (fewer->Get<Window>().calls.empty()) {
    Pruned input = sluice::Prune(node->inputs[0], std::move(needed));
    input.columns.resize(static_cast<size_t>(node->schema->num_fields()));
    return input;
  }
  for (const ExprPtr& expr : ExpressionsOf(*fewer)) MarkColumns(expr, &needed);
  Pruned pruned = sluice::Prune(node->inputs[0], std::move(needed));
  auto above = std::make_shared<PlanNode>(*OverPrunedInput(*fewer, pruned));
  above->schema = WithNeededCalls(*node->schema, needed_calls, &pruned);
  pruned.plan = std::move(above);
  return pruned;
}

// A session that others were merged with is one still.
std::vector<EventTimeMark> Window::EventTimes(const PlanNode& node) const {
  std::vector<EventTimeMark> marks = EventTimesOf(*node.inputs[0]);
  for (const WindowCall& window : calls) {
    marks.push_back(window.call.name == kMergedSession ? EventTimeOf(window.call.args[0], marks) : EventTimeMark());
  }
  marks.resize(static_cast<size_t>(node.schema->num_fields()));
  return marks;
}

}  // namespace sluice::plan
