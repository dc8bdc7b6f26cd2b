// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <utility>

#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {
namespace {

// The batch scan at the end of a chain of filters, or null.
const PlanNode* ScanBelow(const PlanNode& filter) {
  const PlanNode* node = &filter;
  while (node->kind == PlanKind::kFilter) node = node->inputs.at(0).get();
  const bool is_batch_scan = node->kind == PlanKind::kScan && !node->scan.streaming &&
                             node->scan.columns.size() == static_cast<size_t>(node->schema->num_fields());
  return is_batch_scan ? node : nullptr;
}

PlanPtr WithCondition(const PlanPtr& node, const ScanCondition& condition) {
  auto copy = std::make_shared<PlanNode>(*node);
  if (node->kind == PlanKind::kScan) {
    copy->scan.conditions.push_back(condition);
  } else {
    copy->inputs = {WithCondition(node->inputs.at(0), condition)};
  }
  return copy;
}

}  // namespace

PlanPtr PushConditions(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    if (node->kind != PlanKind::kFilter) return nullptr;
    const PlanNode* scan = ScanBelow(*node);
    if (scan == nullptr) return nullptr;
    const auto condition = ConditionOf(node->exprs.at(0), scan->scan.columns);
    return condition ? WithCondition(node, *condition) : nullptr;
  });
}

}  // namespace sluice
