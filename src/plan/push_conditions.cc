// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <utility>

#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {
namespace {

// The batch scan at the end of a chain of filters, or null.
const ScanSpec* ScanBelow(const PlanNode& filter) {
  const PlanNode* node = &filter;
  // A condition that depends on more than its row sees the rows that this filter would leave out.
  for (const auto* above = node->As<plan::Filter>(); above != nullptr && above->condition->deterministic();) {
    node = node->inputs.at(0).get();
    above = node->As<plan::Filter>();
  }
  const auto* scan = node->As<plan::Scan>();
  const bool is_batch_scan = scan != nullptr && !scan->source.streaming &&
                             scan->source.columns.size() == static_cast<size_t>(node->schema->num_fields());
  return is_batch_scan ? &scan->source : nullptr;
}

PlanPtr WithCondition(const PlanPtr& node, const ScanCondition& condition) {
  auto copy = std::make_shared<PlanNode>(*node);
  if (copy->Is<plan::Scan>()) {
    copy->Get<plan::Scan>().source.conditions.push_back(condition);
  } else {
    copy->inputs = {WithCondition(node->inputs.at(0), condition)};
  }
  return copy;
}

}  // namespace

PlanPtr PushConditions(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    const auto* filter = node->As<plan::Filter>();
    const ScanSpec* scan = filter == nullptr ? nullptr : ScanBelow(*node);
    if (scan == nullptr) return nullptr;
    const auto condition = ConditionOf(filter->condition, scan->columns);
    return condition ? WithCondition(node, *condition) : nullptr;
  });
}

}  // namespace sluice
