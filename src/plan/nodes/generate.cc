// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/generate.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"
#include "plan/rewrite.h"

namespace sluice::plan {

void Generate::VisitExpressions(const ExprVisitor& visit) {
  for (ExprPtr& argument : arguments) visit(argument);
}

std::string Generate::Line(const arrow::Schema& /*output*/) const {
  constexpr const char* kNames[] = {"explode", "posexplode", "inline", "stack"};
  return fmt::format("Generate {}{}({})", kNames[static_cast<size_t>(generator.kind)], generator.outer ? "_outer" : "",
                     ShownList(arguments));
}

// Columns that the generator alone needs are not given on: an array would be copied for each of its elements.
Pruned Generate::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  std::vector<bool> below(static_cast<size_t>(node->inputs[0]->schema->num_fields()), false);
  for (const ExprPtr& argument : arguments) MarkColumns(argument, &below);
  std::vector<bool> kept(needed.begin(), needed.begin() + static_cast<std::ptrdiff_t>(generator.kept.size()));
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) below[static_cast<size_t>(generator.kept[i])] = true;
  }
  const Pruned input = sluice::Prune(node->inputs[0], std::move(below));
  auto above = std::make_shared<PlanNode>(*OverPrunedInput(*node, input));
  std::vector<int>& places = above->Get<Generate>().generator.kept;
  places.clear();
  for (size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    const ExprPtr& column = input.columns[static_cast<size_t>(generator.kept[i])];
    places.push_back(static_cast<const ColumnExpr*>(column.get())->index());
  }
  kept.resize(static_cast<size_t>(node->schema->num_fields()), true);
  Pruned pruned;
  above->schema = KeepFields(*node->schema, kept, &pruned.columns);
  pruned.plan = std::move(above);
  return pruned;
}

std::vector<EventTimeMark> Generate::EventTimes(const PlanNode& node) const {
  const std::vector<EventTimeMark> below = EventTimesOf(*node.inputs[0]);
  std::vector<EventTimeMark> marks;
  for (const int column : generator.kept) marks.push_back(below[static_cast<size_t>(column)]);
  marks.resize(static_cast<size_t>(node.schema->num_fields()));
  return marks;
}

}  // namespace sluice::plan
