// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/project.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"
#include "plan/rewrite.h"

namespace sluice {
namespace plan {

void Project::VisitExpressions(const ExprVisitor& visit) {
  for (ExprPtr& expr : exprs) visit(expr);
}

std::string Project::Line(const arrow::Schema& output) const {
  std::vector<std::string> parts;
  for (size_t i = 0; i < exprs.size(); ++i) {
    const std::string text = Shown(exprs[i]);
    const std::string& name = output.field(static_cast<int>(i))->name();
    parts.push_back(text == name ? name : text + " AS " + name);
  }
  return fmt::format("Project [{}]", Listed(parts));
}

Pruned Project::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  KeepOne(*node->schema, &needed);
  Pruned pruned;
  auto schema = KeepFields(*node->schema, needed, &pruned.columns);
  const PlanPtr project = MakeProject(node->inputs[0], KeepItems(exprs, needed), std::move(schema));
  std::vector<bool> below(static_cast<size_t>(node->inputs[0]->schema->num_fields()), false);
  for (const ExprPtr& expr : project->Get<Project>().exprs) MarkColumns(expr, &below);
  pruned.plan = OverPrunedInput(*project, sluice::Prune(node->inputs[0], std::move(below)));
  return pruned;
}

std::vector<EventTimeMark> Project::EventTimes(const PlanNode& node) const {
  const std::vector<EventTimeMark> below = EventTimesOf(*node.inputs[0]);
  std::vector<EventTimeMark> marks;
  for (const ExprPtr& expr : exprs) marks.push_back(EventTimeOf(expr, below));
  return marks;
}

}  // namespace plan

PlanPtr MakeProject(PlanPtr input, std::vector<ExprPtr> exprs, std::shared_ptr<arrow::Schema> schema) {
  return MakeNode(plan::Project{std::move(exprs)}, {std::move(input)}, std::move(schema));
}

}  // namespace sluice
