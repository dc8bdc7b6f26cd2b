// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <algorithm>
#include <functional>

#include "expr/branch.h"
#include "plan/python_step.h"
#include "plan/rewrite.h"
#include "plan/rules.h"
#include "plan/session_windows.h"

namespace sluice {
namespace {

// Does the condition read only columns that the projection passes on as they are?
bool ReadsPassedColumns(const ExprPtr& condition, const PlanNode& project) {
  std::vector<bool> used(project.exprs.size(), false);
  MarkColumns(condition, &used);
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i] && dynamic_cast<const ColumnExpr*>(project.exprs[i].get()) == nullptr) return false;
  }
  return true;
}

bool GivesPythonColumns(const PlanNode& node) {
  return IsPython(node, PythonStep::Kind::kColumns) && node.exprs[0]->deterministic();
}

// Does the condition read only columns that stand in the input of such a node?
bool ReadsInput(const ExprPtr& condition, const PlanNode& node) {
  std::vector<bool> used(static_cast<size_t>(node.schema->num_fields()), false);
  MarkColumns(condition, &used);
  const auto width = static_cast<std::ptrdiff_t>(node.inputs[0]->schema->num_fields());
  return std::none_of(used.begin() + width, used.end(), [](bool is_used) { return is_used; });
}

PlanPtr FilterBelow(const PlanNode& filter, PlanPtr input, ExprPtr condition) {
  auto below = std::make_shared<PlanNode>(filter);
  below->exprs[0] = std::move(condition);
  below->schema = input->schema;
  below->inputs = {std::move(input)};
  return below;
}

PlanPtr Pushed(const PlanPtr& node);

// The filter put below its input's only input, and further down from there; `condition` is over that input.
PlanPtr Below(const PlanNode& filter, ExprPtr condition) {
  auto above = std::make_shared<PlanNode>(*filter.inputs[0]);
  const PlanPtr lower = FilterBelow(filter, above->inputs[0], std::move(condition));
  const PlanPtr pushed = Pushed(lower);
  above->inputs = {pushed == nullptr ? lower : pushed};
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
PlanPtr BelowWatermark(const PlanNode& filter) {
  const PlanNode& watermark = *filter.inputs[0];
  const auto time = static_cast<size_t>(static_cast<const ColumnExpr&>(*watermark.exprs[0]).index());
  const auto other = [time](size_t column) { return column != time; };
  return ReadsOnly(filter.exprs[0], watermark, other) ? Below(filter, filter.exprs[0]) : nullptr;
}

PlanPtr BelowWindow(const PlanNode& filter) {
  const PlanNode& window = *filter.inputs[0];
  const auto last = static_cast<size_t>(window.schema->num_fields() - 1);
  const auto other = [last](size_t column) { return column != last; };
  return ReadsOnly(filter.exprs[0], window, other) ? Below(filter, filter.exprs[0]) : nullptr;
}

// The projection over the node that merges sessions, whose columns are those of the rows below.
bool MergesSessions(const PlanNode& node) {
  if (node.kind != PlanKind::kProject || node.inputs[0]->kind != PlanKind::kWindow) return false;
  const PlanNode& window = *node.inputs[0];
  if (window.windows.size() != 1 || window.windows[0].call.name != kMergedSession) return false;
  const auto width = static_cast<int>(node.exprs.size());
  for (int i = 0; i < width; ++i) {
    const auto* column = dynamic_cast<const ColumnExpr*>(node.exprs[static_cast<size_t>(i)].get());
    if (column == nullptr || (column->index() != i && column->index() != width)) return false;
  }
  return window.schema->num_fields() == width + 1;
}

// Spark takes the condition of a group's session for one of each row's own, and so the same rows are left out here.
PlanPtr BelowSessions(const PlanNode& filter) {
  auto project = std::make_shared<PlanNode>(*filter.inputs[0]);
  auto window = std::make_shared<PlanNode>(*project->inputs[0]);
  const PlanPtr below = FilterBelow(filter, window->inputs[0], filter.exprs[0]);
  const PlanPtr lower = Pushed(below);
  window->inputs = {lower == nullptr ? below : lower};
  project->inputs = {std::move(window)};
  return project;
}

// Groups that are left out by their keys are not made: of a stream they are no state either, as in Spark.
PlanPtr BelowAggregate(const PlanNode& filter) {
  const PlanNode& aggregate = *filter.inputs[0];
  if (aggregate.deduplicate) return nullptr;  // Spark leaves the filter above, and the state has all keys
  const size_t keys = aggregate.exprs.size();
  const auto is_key = [keys](size_t column) { return column < keys; };
  if (keys == 0 || !AllDeterministic(aggregate.exprs) || !ReadsOnly(filter.exprs[0], aggregate, is_key)) return nullptr;
  // What reads no column is asked once a group, above.
  if (ReadsOnly(filter.exprs[0], aggregate, [](size_t) { return false; })) return nullptr;
  std::vector<ExprPtr> values = aggregate.exprs;
  values.resize(static_cast<size_t>(aggregate.schema->num_fields()));
  return Below(filter, SubstituteColumns(filter.exprs[0], values));
}

// The parts of a condition that can be pushed one by one, as a filter for each.
PlanPtr Split(const PlanNode& filter) {
  const auto* logic = dynamic_cast<const BranchExpr*>(filter.exprs[0].get());
  if (logic == nullptr || logic->kind() != BranchExpr::Kind::kAnd) return nullptr;
  PlanPtr result = filter.inputs[0];
  bool pushed = false;
  std::vector<ExprPtr> kept;
  for (const ExprPtr& part : logic->children()) {
    const PlanPtr one = FilterBelow(filter, result, part);
    PlanPtr lower = Pushed(one);
    if (lower == nullptr) {
      kept.push_back(part);
    } else {
      result = std::move(lower);
      pushed = true;
    }
  }
  if (!pushed) return nullptr;
  for (const ExprPtr& part : kept) result = FilterBelow(filter, result, part);
  return result;
}

bool HasParts(const PlanNode& input) {
  return input.kind == PlanKind::kWatermark || input.kind == PlanKind::kTimeWindow ||
         input.kind == PlanKind::kAggregate;
}

// The filter below what it stands on, or null where it must stay.
PlanPtr Pushed(const PlanPtr& node) {
  if (node->kind != PlanKind::kFilter || !node->exprs[0]->deterministic()) return nullptr;
  const PlanPtr& input = node->inputs[0];
  if (HasParts(*input)) {
    if (PlanPtr split = Split(*node)) return split;
  }
  if (input->kind == PlanKind::kUnion) {
    auto above = std::make_shared<PlanNode>(*input);
    for (PlanPtr& part : above->inputs) {
      const PlanPtr filter = FilterBelow(*node, part, node->exprs[0]);
      const PlanPtr lower = Pushed(filter);
      part = lower == nullptr ? filter : lower;
    }
    return above;
  }
  if (MergesSessions(*input)) return BelowSessions(*node);
  if (input->kind == PlanKind::kWatermark) return BelowWatermark(*node);
  if (input->kind == PlanKind::kTimeWindow) return BelowWindow(*node);
  if (input->kind == PlanKind::kAggregate) return BelowAggregate(*node);
  if (GivesPythonColumns(*input) && ReadsInput(node->exprs[0], *input)) {
    auto above = std::make_shared<PlanNode>(*input);
    const PlanPtr filter = FilterBelow(*node, input->inputs[0], node->exprs[0]);
    const PlanPtr lower = Pushed(filter);
    above->inputs = {lower == nullptr ? filter : lower};
    return above;
  }
  if (input->kind != PlanKind::kProject || !AllDeterministic(input->exprs) ||
      !ReadsPassedColumns(node->exprs[0], *input)) {
    return nullptr;
  }
  auto above = std::make_shared<PlanNode>(*input);
  above->inputs = {FilterBelow(*node, input->inputs[0], SubstituteColumns(node->exprs[0], input->exprs))};
  return above;
}

}  // namespace

PlanPtr PushFilters(const PlanPtr& plan) {
  return RewritePlan(plan, Pushed);
}

}  // namespace sluice
