// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/repartition.h"

#include <fmt/format.h>

#include <utility>

#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"

namespace sluice::plan {

void Repartition::VisitExpressions(const ExprVisitor& visit) {
  for (SortKey& key : keys) visit(key.expr);
}

std::string Repartition::Line(const arrow::Schema& /*output*/) const {
  switch (kind) {
    case Kind::kCoalesce:
      return fmt::format("Coalesce {}", partitions);
    case Kind::kInTurn:
      return fmt::format("Repartition {}", partitions);
    case Kind::kByKeys:
      return fmt::format("Repartition {} by [{}]", partitions, ShownList(ExprsOf(keys)));
    case Kind::kById:
      return fmt::format("Repartition {} by id {}", partitions, Shown(keys.at(0).expr));
    case Kind::kByRange:
      return fmt::format("Repartition {} by range [{}]", partitions, ShownKeys(keys));
  }
  return "";
}

Pruned Repartition::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  return PrunePassing(node, std::move(needed));
}

std::vector<EventTimeMark> Repartition::EventTimes(const PlanNode& node) const {
  return EventTimesOf(*node.inputs[0]);
}

}  // namespace sluice::plan
