// SPDX-License-Identifier: Apache-2.0
#include "connectors/memory/collected_slices.h"

#include <arrow/record_batch.h>

#include <utility>

#include "types/spark_type.h"

namespace sluice {

Status SliceCollector::Write(const std::shared_ptr<arrow::RecordBatch>& slice) {
  rows_ += slice->num_rows();
  SLUICE_ASSIGN(auto plain, ToPlainBatch(slice));
  // Plain strings are copies already; other columns may still point into a buffer of the source's.
  SLUICE_ASSIGN(plain, plain->CopyTo(arrow::default_cpu_memory_manager()));
  slices_.push_back(std::move(plain));
  return Status::OK();
}

Result<std::unique_ptr<TaskCommit>> SliceCollector::Finish() {
  auto commit = std::make_unique<SlicesCommit>();
  commit->rows = rows_;
  commit->slices = std::move(slices_);
  return std::unique_ptr<TaskCommit>(std::move(commit));
}

std::vector<std::shared_ptr<arrow::RecordBatch>> TakeSlices(std::vector<std::unique_ptr<TaskCommit>> commits) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
  for (const auto& commit : commits) {
    auto& own = dynamic_cast<SlicesCommit&>(*commit);
    std::move(own.slices.begin(), own.slices.end(), std::back_inserter(slices));
  }
  return slices;
}

}  // namespace sluice
