// SPDX-License-Identifier: Apache-2.0
#include "plan/plan.h"
#include "plan/rules.h"
#include "plan/stream_join.h"

namespace sluice {

bool IsStreaming(const PlanNode& node) {
  if (const auto* scan = node.As<plan::Scan>()) return scan->source.streaming;
  for (const PlanPtr& input : node.inputs) {
    if (IsStreaming(*input)) return true;
  }
  return false;
}

PlanPtr Optimize(const PlanPtr& plan, const EvalContext& context) {
  PlanPtr result = MergeProjections(ExtractPython(plan));
  result = PushFilters(result);
  result = JoinConditions(result);
  result = NullsOfStreamJoins(StreamsOnTheLeft(result));
  result = PushFilters(result);
  result = MergeProjections(result);
  result = FoldConstants(result, context);
  result = PruneColumns(result);
  // A scan without its unused columns may leave a projection that only passes columns on.
  result = MergeProjections(result);
  result = OrderAggregates(result);
  result = PushConditions(result);
  return ShareExpressions(result);
}

}  // namespace sluice
