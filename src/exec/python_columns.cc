// SPDX-License-Identifier: Apache-2.0
#include "exec/python_columns.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "exec/retained_batch.h"
#include "plan/plan.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::Schema> ResultsOf(const PlanNode& node) {
  const auto& fields = node.schema->fields();
  const auto first = static_cast<std::ptrdiff_t>(fields.size() - node.Get<plan::PythonStep>().calls.size());
  return arrow::schema(std::vector<std::shared_ptr<arrow::Field>>(fields.begin() + first, fields.end()));
}

}  // namespace

PythonColumnsOperator::PythonColumnsOperator(const PlanNode& node, std::unique_ptr<Operator> input, EvalContext context,
                                             BadRowSink* bad_rows)
    : input_(std::move(input)),
      schema_(node.schema),
      calls_(node.Get<plan::PythonStep>().calls),
      rows_(node, node.Get<plan::PythonStep>().columns, context),
      pool_(context.pool),
      results_(ResultsOf(node)),
      isolation_(bad_rows, context.pool) {}

// The results of the calls over some rows.
Result<std::shared_ptr<arrow::RecordBatch>> PythonColumnsOperator::Computed(
    const std::shared_ptr<arrow::RecordBatch>& columns) {
  if (task_ == nullptr) {
    SLUICE_ASSIGN(task_, PythonTask::Start(rows_.TaskOf(calls_)));
  }
  for (int64_t at = 0; at < columns->num_rows(); at += rows_.batch_rows()) {
    SLUICE_ASSIGN(const auto rows, rows_.ForWorker(columns->Slice(at, rows_.batch_rows())));
    SLUICE_RETURN_IF_ERROR(task_->Send(*rows));
  }
  std::vector<std::shared_ptr<arrow::RecordBatch>> parts;
  int64_t got = 0;
  while (got < columns->num_rows()) {
    SLUICE_ASSIGN(const PythonTask::Answer answer, task_->Wait(/*or_input=*/false));
    if (answer.progress != PythonTask::Progress::kRows) break;
    got += answer.rows->num_rows();
    SLUICE_ASSIGN(auto part, rows_.FromWorker(answer.rows, results_));
    parts.push_back(std::move(part));
  }
  if (got != columns->num_rows()) {
    return UserError("PYTHON_EXCEPTION",
                     fmt::format("The Python functions gave {} values for {} rows.", got, columns->num_rows()),
                     {{"msg", "RESULT_ROWS_MISMATCH"}, {"traceback", ""}});
  }
  if (parts.size() == 1) return parts[0];
  return Concatenated(std::move(parts), results_, pool_);
}

// Lets the worker end its task, which may fail there, and be used again.
Status PythonColumnsOperator::Finish() {
  if (task_ == nullptr) return Status::OK();
  SLUICE_RETURN_IF_ERROR(task_->EndInput());
  for (;;) {
    SLUICE_ASSIGN(const PythonTask::Answer answer, task_->Wait(/*or_input=*/false));
    if (answer.progress == PythonTask::Progress::kEnded) break;
  }
  task_ = nullptr;
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> PythonColumnsOperator::Next() {
  for (;;) {
    SLUICE_ASSIGN(auto slice, input_->Next());
    if (slice == nullptr) {
      SLUICE_RETURN_IF_ERROR(Finish());
      return slice;
    }
    std::shared_ptr<arrow::RecordBatch> columns;
    SLUICE_RETURN_IF_ERROR(isolation_.Run(*input_, &slice, [&](const arrow::RecordBatch& rows) -> Status {
      SLUICE_ASSIGN(columns, rows_.Evaluate(rows));
      return Status::OK();
    }));
    if (slice->num_rows() == 0) continue;
    SLUICE_ASSIGN(const auto results, Computed(columns));
    std::vector<std::shared_ptr<arrow::Array>> all = slice->columns();
    all.insert(all.end(), results->columns().begin(), results->columns().end());
    return arrow::RecordBatch::Make(schema_, slice->num_rows(), std::move(all));
  }
}

}  // namespace sluice
