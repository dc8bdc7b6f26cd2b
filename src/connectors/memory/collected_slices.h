// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "connectors/sink.h"

namespace sluice {

// Slices of a task, copied, in plain types.
struct SlicesCommit : TaskCommit {
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
};

// Copies what a task writes, for sinks that take a batch as a whole at its commit.
class SliceCollector : public TaskWriter {
 public:
  Status Write(const std::shared_ptr<arrow::RecordBatch>& slice) override;
  Result<std::unique_ptr<TaskCommit>> Finish() override;

 private:
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices_;
  int64_t rows_ = 0;
};

// All slices of a batch's tasks, in task order.
std::vector<std::shared_ptr<arrow::RecordBatch>> TakeSlices(std::vector<std::unique_ptr<TaskCommit>> commits);

}  // namespace sluice
