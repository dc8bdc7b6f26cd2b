// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// Output: a column for each expression.
struct Project {
  std::vector<ExprPtr> exprs;

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan

// A column of the schema for each expression.
PlanPtr MakeProject(PlanPtr input, std::vector<ExprPtr> exprs, std::shared_ptr<arrow::Schema> schema);

}  // namespace sluice
