// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <algorithm>
#include <functional>

#include "expr/branch.h"
#include "plan/rewrite.h"
#include "plan/rules.h"
#include "plan/session_windows.h"

namespace sluice {
namespace {

// Does the condition read only columns that the projection passes on as they are?
bool ReadsPassedColumns(const ExprPtr& condition, const plan::Project& project) {
  std::vector<bool> used(project.exprs.size(), false);
  MarkColumns(condition, &used);
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i] && dynamic_cast<const ColumnExpr*>(project.exprs[i].get()) == nullptr) return false;
  }
  return true;
}

bool GivesPythonColumns(const PlanNode& node) {
  const auto* step = node.As<plan::PythonStep>();
  return step != nullptr && step->kind == plan::PythonStep::Kind::kColumns && step->deterministic();
}

// Does the condition read only columns that stand in the input of such a node?
bool ReadsInput(const ExprPtr& condition, const PlanNode& node) {
  std::vector<bool> used(static_cast<size_t>(node.schema->num_fields()), false);
  MarkColumns(condition, &used);
  const auto width = static_cast<std::ptrdiff_t>(node.inputs[0]->schema->num_fields());
  return std::none_of(used.begin() + width, used.end(), [](bool is_used) { return is_used; });
}

PlanPtr Pushed(const PlanPtr& node);

// A filter over the input, or further down where it can be.
PlanPtr PushedInto(PlanPtr input, ExprPtr condition) {
  PlanPtr filter = MakeFilter(std::move(input), std::move(condition));
  PlanPtr pushed = Pushed(filter);
  return pushed == nullptr ? filter : pushed;
}

// The node with a filter put below it; `condition` is over its only input.
PlanPtr Below(const PlanNode& node, ExprPtr condition) {
  auto above = std::make_shared<PlanNode>(node);
  above->inputs = {PushedInto(node.inputs[0], std::move(condition))};
  return above;
}

bool ReadsOnly(const ExprPtr& condition, const PlanNode& input, const std::function<bool(size_t)>& allowed) {
  std::vector<bool> used(static_cast<size_t>(input.schema->num_fields()), false);
  MarkColumns(condition, &used);
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i] && !allowed(i)) return false;
  }
  return true;
}

// As in Spark: the watermark does not see rows that are left out by other columns than the event time.
PlanPtr BelowWatermark(const PlanNode& watermark, const ExprPtr& condition) {
  const size_t time = watermark.Get<plan::Watermark>().column();
  const auto other = [time](size_t column) { return column != time; };
  return ReadsOnly(condition, watermark, other) ? Below(watermark, condition) : nullptr;
}

PlanPtr BelowWindow(const PlanNode& window, const ExprPtr& condition) {
  const auto last = static_cast<size_t>(window.schema->num_fields() - 1);
  const auto other = [last](size_t column) { return column != last; };
  return ReadsOnly(condition, window, other) ? Below(window, condition) : nullptr;
}

// The projection over the node that merges sessions, whose columns are those of the rows below.
bool MergesSessions(const PlanNode& node) {
  const auto* project = node.As<plan::Project>();
  const auto* window = project == nullptr ? nullptr : node.inputs[0]->As<plan::Window>();
  if (window == nullptr || window->calls.size() != 1 || window->calls[0].call.name != kMergedSession) return false;
  const auto width = static_cast<int>(project->exprs.size());
  for (int i = 0; i < width; ++i) {
    const auto* column = dynamic_cast<const ColumnExpr*>(project->exprs[static_cast<size_t>(i)].get());
    if (column == nullptr || (column->index() != i && column->index() != width)) return false;
  }
  return node.inputs[0]->schema->num_fields() == width + 1;
}

// Spark takes the condition of a group's session for one of each row's own, and so the same rows are left out here.
PlanPtr BelowSessions(const PlanNode& merged, const ExprPtr& condition) {
  auto project = std::make_shared<PlanNode>(merged);
  project->inputs = {Below(*merged.inputs[0], condition)};
  return project;
}

// Groups that are left out by their keys are not made: of a stream they are no state either, as in Spark.
PlanPtr BelowAggregate(const PlanNode& node, const ExprPtr& condition) {
  const auto& aggregate = node.Get<plan::Aggregate>();
  if (aggregate.deduplicate) return nullptr;  // Spark leaves the filter above, and the state has all keys
  const size_t keys = aggregate.keys.size();
  const auto is_key = [keys](size_t column) { return column < keys; };
  if (keys == 0 || !AllDeterministic(aggregate.keys) || !ReadsOnly(condition, node, is_key)) return nullptr;
  // What reads no column is asked once a group, above.
  if (ReadsOnly(condition, node, [](size_t) { return false; })) return nullptr;
  std::vector<ExprPtr> values = aggregate.keys;
  values.resize(static_cast<size_t>(node.schema->num_fields()));
  return Below(node, SubstituteColumns(condition, values));
}

// The parts of a condition that can be pushed one by one, as a filter for each.
PlanPtr Split(const PlanPtr& input, const ExprPtr& condition) {
  const auto* logic = dynamic_cast<const BranchExpr*>(condition.get());
  if (logic == nullptr || logic->kind() != BranchExpr::Kind::kAnd) return nullptr;
  PlanPtr result = input;
  bool pushed = false;
  std::vector<ExprPtr> kept;
  for (const ExprPtr& part : logic->children()) {
    PlanPtr lower = Pushed(MakeFilter(result, part));
    if (lower == nullptr) {
      kept.push_back(part);
    } else {
      result = std::move(lower);
      pushed = true;
    }
  }
  if (!pushed) return nullptr;
  for (const ExprPtr& part : kept) result = MakeFilter(std::move(result), part);
  return result;
}

bool HasParts(const PlanNode& input) {
  return input.Is<plan::Watermark>() || input.Is<plan::TimeWindow>() || input.Is<plan::Aggregate>();
}

PlanPtr BelowUnion(const PlanNode& both, const ExprPtr& condition) {
  auto above = std::make_shared<PlanNode>(both);
  for (PlanPtr& part : above->inputs) part = PushedInto(part, condition);
  return above;
}

PlanPtr BelowProject(const PlanNode& node, const ExprPtr& condition) {
  const auto& project = node.Get<plan::Project>();
  if (!AllDeterministic(project.exprs) || !ReadsPassedColumns(condition, project)) return nullptr;
  return MakeProject(MakeFilter(node.inputs[0], SubstituteColumns(condition, project.exprs)), project.exprs,
                     node.schema);
}

// The filter below what it stands on, or null where it must stay.
PlanPtr Pushed(const PlanPtr& node) {
  const auto* filter = node->As<plan::Filter>();
  if (filter == nullptr || !filter->condition->deterministic()) return nullptr;
  const ExprPtr& condition = filter->condition;
  const PlanPtr& input = node->inputs[0];
  if (HasParts(*input)) {
    if (PlanPtr split = Split(input, condition)) return split;
  }
  if (MergesSessions(*input)) return BelowSessions(*input, condition);
  if (input->Is<plan::Union>()) return BelowUnion(*input, condition);
  if (input->Is<plan::Watermark>()) return BelowWatermark(*input, condition);
  if (input->Is<plan::TimeWindow>()) return BelowWindow(*input, condition);
  if (input->Is<plan::Aggregate>()) return BelowAggregate(*input, condition);
  if (input->Is<plan::Project>()) return BelowProject(*input, condition);
  if (GivesPythonColumns(*input) && ReadsInput(condition, *input)) return Below(*input, condition);
  return nullptr;
}

}  // namespace

PlanPtr PushFilters(const PlanPtr& plan) {
  return RewritePlan(plan, Pushed);
}

}  // namespace sluice
