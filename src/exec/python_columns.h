// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exec/operator.h"
#include "exec/python_rows.h"
#include "exec/row_isolation.h"

namespace sluice {

// Adds a column for each call of a Python function, computed by a worker of the session's. A slice is with the worker
// while the next one is not yet asked for, so that rows keep their places.
class PythonColumnsOperator : public Operator {
 public:
  // `bad_rows` may be null; see RowIsolation. A function that fails fails the query, as in Spark.
  PythonColumnsOperator(const PlanNode& node, std::unique_ptr<Operator> input, EvalContext context,
                        BadRowSink* bad_rows);
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override { return input_->PlaceOf(isolation_.InputRow(row)); }
  Result<SourceRecord> RecordOf(int64_t row) const override { return input_->RecordOf(isolation_.InputRow(row)); }
  std::optional<int64_t> OriginOf(int64_t row) const override { return input_->OriginOf(isolation_.InputRow(row)); }
  void Cancel() override { input_->Cancel(); }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> Computed(const std::shared_ptr<arrow::RecordBatch>& columns);
  Status Finish();

  const std::unique_ptr<Operator> input_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<PythonCall> calls_;
  const PythonRows rows_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::Schema> results_;  // the columns of the calls alone
  RowIsolation isolation_;
  std::unique_ptr<PythonTask> task_;
};

}  // namespace sluice
