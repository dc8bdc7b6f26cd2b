// SPDX-License-Identifier: Apache-2.0
#include "expr/split_parts.h"
#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {

PlanPtr ShareExpressions(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    // A function of two inputs is told the names of its columns, which those of the other input would take.
    if (node->Is<plan::PythonStep>() && node->inputs.size() > 1) return nullptr;
    return RewriteExpressions(node, UseSplitParts);
  });
}

}  // namespace sluice
