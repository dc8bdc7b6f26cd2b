// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

namespace plan {

// A random part of the rows. Rows are drawn as Spark draws those of one partition. Output: the input's columns.
struct Sample {
  double lower = 0;  // without replacement: a row stays when its number in [0, 1) is in [lower, upper)
  double upper = 1;  // with replacement: upper - lower is how often a row comes on average
  bool with_replacement = false;
  int64_t seed = 0;

  void VisitExpressions(const ExprVisitor& /*visit*/) {}
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
