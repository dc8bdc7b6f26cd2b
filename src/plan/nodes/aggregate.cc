// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/aggregate.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"
#include "plan/rewrite.h"

namespace sluice::plan {

void VisitCall(AggregateCall& call, const ExprVisitor& visit) {
  for (ExprPtr& arg : call.args) visit(arg);
  if (call.filter != nullptr) visit(call.filter);
}

void Aggregate::VisitExpressions(const ExprVisitor& visit) {
  for (ExprPtr& key : keys) visit(key);
  for (AggregateCall& call : calls) VisitCall(call, visit);
}

std::string Aggregate::Line(const arrow::Schema& /*output*/) const {
  std::vector<std::string> texts;
  for (const AggregateCall& call : calls) texts.push_back(call.display);
  const char* name = within_watermark ? "DeduplicateWithinWatermark" : deduplicate ? "Deduplicate" : "Aggregate";
  return fmt::format("{} keys=[{}] calls=[{}]", name, ShownList(keys), Listed(texts));
}

Pruned Aggregate::Prune(const PlanPtr& node, std::vector<bool> /*needed*/) const {
  std::vector<bool> below(static_cast<size_t>(node->inputs[0]->schema->num_fields()), false);
  for (const ExprPtr& expr : ExpressionsOf(*node)) MarkColumns(expr, &below);
  return Unchanged(OverPrunedInput(*node, sluice::Prune(node->inputs[0], std::move(below))));
}

std::vector<EventTimeMark> Aggregate::EventTimes(const PlanNode& node) const {
  const std::vector<EventTimeMark> below = EventTimesOf(*node.inputs[0]);
  std::vector<EventTimeMark> marks;
  for (const ExprPtr& key : keys) marks.push_back(EventTimeOf(key, below));
  for (const AggregateCall& call : calls) {
    // Of a deduplication these are the columns beside the keys.
    marks.push_back(deduplicate && !call.args.empty() ? EventTimeOf(call.args[0], below) : EventTimeMark());
  }
  return marks;
}

}  // namespace sluice::plan
