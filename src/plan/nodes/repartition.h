// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plan/nodes/node.h"
#include "plan/window.h"

namespace sluice {

namespace plan {

// The same rows in other tasks. Output: the input's columns.
struct Repartition {
  enum class Kind {
    kCoalesce,  // neighbouring tasks together: coalesce(n)
    kInTurn,    // row after row to the next task: repartition(n)
    kByKeys,    // by Spark's hash of the keys: repartition(n, columns)
    kByRange,   // in the order of the keys, equal ones together: repartitionByRange(n, columns)
    kById,      // the key is the task's number, modulo their count: repartitionById(n, column)
  };
  Kind kind = Kind::kCoalesce;
  int partitions = 1;
  std::vector<SortKey> keys;  // of the last three kinds

  bool moves_rows() const { return kind != Kind::kCoalesce; }

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
