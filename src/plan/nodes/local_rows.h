// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// Rows that the plan holds itself. Output: their columns.
struct LocalRows {
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows;

  void VisitExpressions(const ExprVisitor& /*visit*/) {}
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
