// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "exec/operator.h"
#include "expr/expr.h"
#include "plan/plan.h"
#include "python/worker_task.h"

namespace sluice {

// What all operators do that hand rows to Python: the columns of a node's `exprs`, under the names that a worker knows.
class PythonRows {
 public:
  // `node` is a PythonStep; `exprs`: those of one input.
  PythonRows(const PlanNode& node, std::vector<ExprPtr> exprs, EvalContext context);

  // The values of the expressions over a slice, in engine types.
  Result<std::shared_ptr<arrow::RecordBatch>> Evaluate(const arrow::RecordBatch& slice) const;
  // What Evaluate gave, as workers read it: columns _0, _1, .. or, for functions of whole rows, one struct _0 of
  // columns with their names.
  Result<std::shared_ptr<arrow::RecordBatch>> ForWorker(const std::shared_ptr<arrow::RecordBatch>& columns) const;
  // The rows that workers give, in engine types: columns of `types`; of functions of whole rows, the fields of the
  // struct. ARROW_TYPE_MISMATCH when they are of other types.
  Result<std::shared_ptr<arrow::RecordBatch>> FromWorker(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                         const std::shared_ptr<arrow::Schema>& wanted) const;
  // A task for these rows.
  PythonTaskSpec TaskOf(std::vector<PythonCall> calls) const;
  // Rows of one batch for a worker (spark.sql.execution.arrow.maxRecordsPerBatch).
  int64_t batch_rows() const { return batch_rows_; }
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

 private:
  const std::vector<ExprPtr> exprs_;
  const EvalContext context_;
  const bool whole_rows_;
  std::shared_ptr<arrow::Schema> schema_;  // of what Evaluate gives
  std::shared_ptr<const PythonFunction> first_;
  int64_t batch_rows_;
};

}  // namespace sluice
