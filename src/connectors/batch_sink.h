// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/sink.h"

namespace sluice {

// What a batch write does when something is there already.
enum class SaveMode { kErrorIfExists, kAppend, kOverwrite, kIgnore };

// Where the rows of a batch query go. Destroyed without Commit it leaves nothing behind. Called by one thread, except
// OpenTask, which tasks call in parallel.
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  virtual Result<std::unique_ptr<TaskWriter>> OpenTask(TaskId task) = 0;
  // Makes the rows visible. Commits come in task order.
  virtual Status Commit(std::vector<std::unique_ptr<TaskCommit>> commits) = 0;
};

// Opens the sink of a batch write; null instead: there is nothing to do (SaveMode::kIgnore). DATA_SOURCE_NOT_FOUND when
// there is no such format, NotSupported when it cannot be written by a batch query.
Result<std::unique_ptr<BatchSink>> OpenBatchSink(const std::string& format, const SinkContext& context, SaveMode mode);

// noop: evaluates every row and drops it.
Result<std::unique_ptr<BatchSink>> OpenNoopBatchSink(const SinkContext& context);

}  // namespace sluice
