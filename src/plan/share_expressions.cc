// SPDX-License-Identifier: Apache-2.0
#include "expr/split_parts.h"
#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {

PlanPtr ShareExpressions(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr { return RewriteExpressions(node, UseSplitParts); });
}

}  // namespace sluice
