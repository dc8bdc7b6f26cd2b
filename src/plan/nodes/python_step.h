// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plan/nodes/node.h"
#include "python/python_function.h"

namespace sluice {

namespace plan {

// What Python's workers do with the rows of the inputs. Output: as the kind says.
struct PythonStep {
  enum class Kind {
    kColumns,    // output: the input's columns, then a column a call
    kBatches,    // output: what one function makes of all rows, batch by batch (mapInPandas)
    kGroups,     // the input is sorted by the first `keys` of the columns; output: what a function makes of each group
    kCogroups,   // the same of two inputs
    kAggregate,  // sorted in the same way; output: the keys, then a column a call
  };
  Kind kind = Kind::kColumns;
  std::vector<PythonCall> calls;
  std::vector<ExprPtr> columns;  // what a worker gets, over the input
  int keys = 0;                  // kGroups, kCogroups, kAggregate
  int left_columns = 0;  // kCogroups: so many of the columns are over the first input, the others over the second

  // Whether every column and every function gives the same for the same rows.
  bool deterministic() const;

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan

// Whether the node is such a step of the kind.
bool IsPython(const PlanNode& node, plan::PythonStep::Kind kind);

}  // namespace sluice
