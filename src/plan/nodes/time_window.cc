// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/time_window.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"
#include "plan/rewrite.h"

namespace sluice::plan {

void TimeWindow::VisitExpressions(const ExprVisitor& visit) {
  visit(time);
  if (session_end != nullptr) visit(session_end);
}

std::string TimeWindow::Line(const arrow::Schema& output) const {
  const std::string& name = output.fields().back()->name();
  if (session_end != nullptr) {
    return fmt::format("SessionWindow {} to {} AS {}", Shown(time), Shown(session_end), name);
  }
  return fmt::format("TimeWindow {} length={} us, slide={} us, start={} us AS {}", Shown(time), lengths.length_us,
                     lengths.slide_us, lengths.start_us, name);
}

// The window stays: by it rows become several, or none.
Pruned TimeWindow::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  needed.pop_back();
  for (const ExprPtr& expr : ExpressionsOf(*node)) MarkColumns(expr, &needed);
  Pruned input = sluice::Prune(node->inputs[0], std::move(needed));
  auto above = std::make_shared<PlanNode>(*OverPrunedInput(*node, input));
  arrow::FieldVector fields = input.plan->schema->fields();
  fields.push_back(node->schema->fields().back());
  above->schema = arrow::schema(std::move(fields));
  input.columns.push_back(ColumnAt(above->schema->num_fields() - 1, *above->schema->fields().back()));
  input.plan = std::move(above);
  return input;
}

std::vector<EventTimeMark> TimeWindow::EventTimes(const PlanNode& node) const {
  std::vector<EventTimeMark> marks = EventTimesOf(*node.inputs[0]);
  EventTimeMark window = EventTimeOf(time, marks);
  window.window = true;
  window.session = session_end != nullptr;
  marks.push_back(window);
  return marks;
}

}  // namespace sluice::plan
