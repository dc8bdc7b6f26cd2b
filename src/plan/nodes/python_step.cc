// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/python_step.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"
#include "plan/rewrite.h"

namespace sluice {
namespace {

using plan::PythonStep;

const char* NameOf(PythonStep::Kind kind) {
  switch (kind) {
    case PythonStep::Kind::kColumns:
      return "EvalPython";
    case PythonStep::Kind::kBatches:
      return "MapInPython";
    case PythonStep::Kind::kGroups:
      return "FlatMapGroupsInPython";
    case PythonStep::Kind::kCogroups:
      return "FlatMapCoGroupsInPython";
    case PythonStep::Kind::kAggregate:
      return "AggregateInPython";
  }
  return "?";
}

std::string TextOf(const PythonCall& call) {
  std::string text;
  for (const auto& function : call.functions) {
    text = text.empty() ? function->name : function->name + "(" + text + ")";
  }
  return text;
}

// Columns of the input are passed on, and those that calls give come behind them: neither needs to be there that nobody
// reads.
Pruned PruneColumnsStep(const PlanPtr& node, const std::vector<bool>& needed) {
  const auto width = static_cast<size_t>(node->inputs[0]->schema->num_fields());
  const std::vector<bool> needed_calls(needed.begin() + static_cast<std::ptrdiff_t>(width), needed.end());
  std::vector<bool> below(needed.begin(), needed.begin() + static_cast<std::ptrdiff_t>(width));
  auto fewer = std::make_shared<PlanNode>(*node);
  auto& step = fewer->Get<PythonStep>();
  step.calls = KeepItems(step.calls, needed_calls);
  if (step.calls.empty()) {
    Pruned without_step = Prune(node->inputs[0], std::move(below));
    without_step.columns.resize(needed.size());
    return without_step;
  }
  for (const ExprPtr& column : step.columns) MarkColumns(column, &below);
  Pruned pruned = Prune(node->inputs[0], std::move(below));
  auto above = std::make_shared<PlanNode>(*OverPrunedInput(*fewer, pruned));
  above->schema = WithNeededCalls(*node->schema, needed_calls, &pruned);
  pruned.plan = std::move(above);
  return pruned;
}

// What functions make of rows has no columns of the input; all that they are given is needed.
Pruned PruneInputs(const PlanPtr& node) {
  PythonStep step = node->Get<PythonStep>();
  std::vector<PlanPtr> inputs;
  size_t next = 0;
  for (const PlanPtr& input : node->inputs) {
    const bool left = node->inputs.size() > 1 && inputs.empty();
    const size_t end = left ? static_cast<size_t>(step.left_columns) : step.columns.size();
    std::vector<bool> below(static_cast<size_t>(input->schema->num_fields()), false);
    for (size_t at = next; at < end; ++at) MarkColumns(step.columns[at], &below);
    const Pruned pruned = Prune(input, std::move(below));
    for (; next < end; ++next) step.columns[next] = SubstituteColumns(step.columns[next], pruned.columns);
    inputs.push_back(pruned.plan);
  }
  return Unchanged(MakeNode(std::move(step), std::move(inputs), node->schema));
}

}  // namespace

namespace plan {

void PythonStep::VisitExpressions(const ExprVisitor& visit) {
  for (ExprPtr& column : columns) visit(column);
}

std::string PythonStep::Line(const arrow::Schema& /*output*/) const {
  // Long columns together make a long line.
  int64_t size = 1;
  for (const ExprPtr& column : columns) size += WrittenSize(column, kMaxShownNodes);
  if (size >= kMaxShownNodes) return kLongExpression;
  std::vector<std::string> texts;
  std::vector<std::string> arguments;
  for (const PythonCall& call : calls) texts.push_back(TextOf(call));
  for (const ExprPtr& column : columns) arguments.push_back(column->ToString());
  return fmt::format("{} [{}] of [{}]", NameOf(kind), Listed(texts), Listed(arguments));
}

bool PythonStep::deterministic() const {
  return AllDeterministic(columns) && std::all_of(calls.begin(), calls.end(), [](const PythonCall& call) {
           return std::all_of(call.functions.begin(), call.functions.end(),
                              [](const auto& function) { return function->deterministic; });
         });
}

Pruned PythonStep::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  return kind == Kind::kColumns ? PruneColumnsStep(node, needed) : PruneInputs(node);
}

std::vector<EventTimeMark> PythonStep::EventTimes(const PlanNode& node) const {
  if (kind != Kind::kColumns) return NoEventTimes(node);
  std::vector<EventTimeMark> marks = EventTimesOf(*node.inputs[0]);
  marks.resize(static_cast<size_t>(node.schema->num_fields()));
  return marks;
}

}  // namespace plan

bool IsPython(const PlanNode& node, PythonStep::Kind kind) {
  const auto* step = node.As<PythonStep>();
  return step != nullptr && step->kind == kind;
}

}  // namespace sluice
