// SPDX-License-Identifier: Apache-2.0
#include "plan/event_time.h"

#include <arrow/type.h>

#include "expr/function_expr.h"
#include "plan/python_step.h"
#include "plan/session_windows.h"

namespace sluice {
namespace {

using Marks = std::vector<EventTimeMark>;

size_t WidthOf(const PlanNode& node) {
  return static_cast<size_t>(node.schema->num_fields());
}

EventTimeMark MarkOf(const ExprPtr& expr, const Marks& below) {
  if (const auto* call = dynamic_cast<const FunctionExpr*>(expr.get());
      call != nullptr && call->name() == "window_time") {
    EventTimeMark mark = MarkOf(call->children()[0], below);
    mark.window = mark.session = false;
    return mark;
  }
  const auto* column = dynamic_cast<const ColumnExpr*>(expr.get());
  return column == nullptr ? EventTimeMark() : below[static_cast<size_t>(column->index())];
}

Marks OfExpressions(const PlanNode& node) {
  const Marks below = EventTimesOf(*node.inputs[0]);
  Marks marks;
  for (const ExprPtr& expr : node.exprs) marks.push_back(MarkOf(expr, below));
  for (const AggregateCall& call : node.aggregates) {
    // Of a deduplication these are the columns beside the keys.
    marks.push_back(node.deduplicate && !call.args.empty() ? MarkOf(call.args[0], below) : EventTimeMark());
  }
  marks.resize(WidthOf(node));
  return marks;
}

Marks OfJoin(const PlanNode& node) {
  Marks marks = EventTimesOf(*node.inputs[0]);
  for (const EventTimeMark& mark : EventTimesOf(*node.inputs[1])) marks.push_back(mark);
  marks.resize(WidthOf(node));
  return marks;
}

Marks OfTimeWindow(const PlanNode& node) {
  Marks marks = EventTimesOf(*node.inputs[0]);
  EventTimeMark window = MarkOf(node.exprs[0], marks);
  window.window = true;
  window.session = node.window.length_us == 0;
  marks.push_back(window);
  return marks;
}

Marks OfGenerator(const PlanNode& node) {
  const Marks below = EventTimesOf(*node.inputs[0]);
  Marks marks;
  for (const int column : node.generator.kept) marks.push_back(below[static_cast<size_t>(column)]);
  marks.resize(WidthOf(node));
  return marks;
}

// A session that others were merged with is one still.
Marks OfWindow(const PlanNode& node) {
  Marks marks = EventTimesOf(*node.inputs[0]);
  for (const WindowCall& window : node.windows) {
    marks.push_back(window.call.name == kMergedSession ? MarkOf(window.call.args[0], marks) : EventTimeMark());
  }
  marks.resize(WidthOf(node));
  return marks;
}

// The input's columns, and others behind them.
Marks OfPassedColumns(const PlanNode& node) {
  Marks marks = EventTimesOf(*node.inputs[0]);
  marks.resize(WidthOf(node));
  return marks;
}

void Collect(const PlanNode& node, std::vector<const PlanNode*>* found) {
  if (!IsStreaming(node)) return;
  if (node.kind == PlanKind::kWatermark) found->push_back(&node);
  for (const PlanPtr& input : node.inputs) Collect(*input, found);
}

}  // namespace

std::vector<EventTimeMark> EventTimesOf(const PlanNode& node) {
  switch (node.kind) {
    case PlanKind::kProject:
    case PlanKind::kAggregate:
      return OfExpressions(node);
    case PlanKind::kJoin:
      return OfJoin(node);
    case PlanKind::kTimeWindow:
      return OfTimeWindow(node);
    case PlanKind::kWatermark: {
      Marks marks = EventTimesOf(*node.inputs[0]);
      const int column = static_cast<const ColumnExpr&>(*node.exprs[0]).index();
      marks[static_cast<size_t>(column)].delay_ms = node.delay_ms;
      return marks;
    }
    case PlanKind::kGenerate:
      return OfGenerator(node);
    case PlanKind::kWindow:
      return OfWindow(node);
    case PlanKind::kPython:
      return IsPython(node, PythonStep::Kind::kColumns) ? OfPassedColumns(node) : Marks(WidthOf(node));
    case PlanKind::kFilter:
    case PlanKind::kSample:
    case PlanKind::kSort:
    case PlanKind::kLimit:
    case PlanKind::kRepartition:
    case PlanKind::kUnion:
      return EventTimesOf(*node.inputs[0]);
    case PlanKind::kScan:
    case PlanKind::kLocal:
    case PlanKind::kRange:
      return Marks(WidthOf(node));
  }
  return Marks(WidthOf(node));
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
