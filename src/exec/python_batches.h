// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "exec/operator.h"
#include "exec/python_rows.h"

namespace sluice {

// What a Python function makes of the rows of its input, batch by batch (mapInPandas, mapInArrow). The function is
// called once, also when there are no rows.
class PythonBatchesOperator : public Operator {
 public:
  PythonBatchesOperator(const PlanNode& node, std::unique_ptr<Operator> input, EvalContext context);
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override { input_->Cancel(); }

 private:
  Status SendNext();

  const std::unique_ptr<Operator> input_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<PythonCall> calls_;
  const PythonRows rows_;
  std::unique_ptr<PythonTask> task_;
};

}  // namespace sluice
