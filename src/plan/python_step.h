// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"
#include "plan/plan.h"
#include "python/python_function.h"

namespace sluice {

// What a kPython node has its workers do with the rows of its inputs.
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
  int keys = 0;          // kGroups, kCogroups, kAggregate
  int left_columns = 0;  // kCogroups: so many of the columns are over the first input, the others over the second
};

// The one expression of a kPython node: its children are the columns that a worker gets, over the node's input. It has
// no value itself.
class PythonStepExpr : public Expr {
 public:
  PythonStepExpr(std::shared_ptr<const PythonStep> step, std::vector<ExprPtr> columns);
  const std::shared_ptr<const PythonStep>& step() const { return step_; }
  std::string ToString() const override;
  bool deterministic() const override;
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;

 private:
  const std::shared_ptr<const PythonStep> step_;
};

PlanPtr MakePythonNode(PythonStep step, std::vector<ExprPtr> columns, std::vector<PlanPtr> inputs,
                       std::shared_ptr<arrow::Schema> schema);
// Of a kPython node.
const PythonStep& PythonStepOf(const PlanNode& node);
const std::vector<ExprPtr>& PythonColumnsOf(const PlanNode& node);
// Whether the node is kPython and of the kind.
bool IsPython(const PlanNode& node, PythonStep::Kind kind);

}  // namespace sluice
