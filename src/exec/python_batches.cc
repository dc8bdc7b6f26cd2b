// SPDX-License-Identifier: Apache-2.0
#include "exec/python_batches.h"

#include <arrow/api.h>

#include "plan/plan.h"

namespace sluice {

PythonBatchesOperator::PythonBatchesOperator(const PlanNode& node, std::unique_ptr<Operator> input, EvalContext context)
    : input_(std::move(input)),
      schema_(node.schema),
      calls_(node.Get<plan::PythonStep>().calls),
      rows_(node, node.Get<plan::PythonStep>().columns, context) {}

Status PythonBatchesOperator::SendNext() {
  SLUICE_ASSIGN(const auto slice, input_->Next());
  if (slice == nullptr) return task_->EndInput();
  SLUICE_ASSIGN(const auto columns, rows_.Evaluate(*slice));
  for (int64_t at = 0; at < columns->num_rows(); at += rows_.batch_rows()) {
    SLUICE_ASSIGN(const auto rows, rows_.ForWorker(columns->Slice(at, rows_.batch_rows())));
    SLUICE_RETURN_IF_ERROR(task_->Send(*rows));
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> PythonBatchesOperator::Next() {
  if (task_ == nullptr) {
    SLUICE_ASSIGN(task_, PythonTask::Start(rows_.TaskOf(calls_)));
    SLUICE_ASSIGN(const auto empty, arrow::RecordBatch::MakeEmpty(rows_.schema()));
    SLUICE_ASSIGN(const auto none, rows_.ForWorker(empty));
    SLUICE_RETURN_IF_ERROR(task_->Begin(none->schema()));
  }
  for (;;) {
    SLUICE_ASSIGN(const PythonTask::Answer answer, task_->Wait(/*or_input=*/true));
    switch (answer.progress) {
      case PythonTask::Progress::kRows:
        if (answer.rows->num_rows() > 0) return rows_.FromWorker(answer.rows, schema_);
        break;
      case PythonTask::Progress::kWantsInput:
        SLUICE_RETURN_IF_ERROR(SendNext());
        break;
      case PythonTask::Progress::kEnded:
        return nullptr;
    }
  }
}

}  // namespace sluice
