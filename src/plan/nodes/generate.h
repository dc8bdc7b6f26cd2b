// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plan/nodes/node.h"
#include "plan/row_makers.h"

namespace sluice {

namespace plan {

// Several rows for each input row. Output: the kept columns of the input, then the generated ones.
struct Generate {
  GeneratorSpec generator;
  std::vector<ExprPtr> arguments;

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
