// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "conf/conf.h"
#include "connectors/options.h"
#include "env/env.h"

namespace sluice {

class MemoryBudget;

// What a sink is made from.
struct SinkContext {
  std::shared_ptr<Env> env;
  Conf conf;  // of the batch: recorded settings win over the session's
  Options options;
  std::string path;  // as the user gave it; empty when the sink has none
  std::vector<std::string> partition_columns;
  std::string output_mode;  // "append", "update", "complete"
  std::string query_id;     // the checkpoint's id
  std::string session;      // whose query it is
  std::shared_ptr<arrow::Schema> schema;
  bool deterministic = true;  // false: names of part files are random
  // The batch that was planned before the restart may have been begun under other settings, by which its part files had
  // other names: what is left of them must go.
  bool recovered_otherwise = false;
  MemoryBudget* budget = nullptr;
};

// What one task did; the sink's own kinds derive from it.
struct TaskCommit {
  virtual ~TaskCommit() = default;
  int64_t rows = 0;
};

// Writes the output of one task of one batch. One thread at a time. Destroyed without Finish it leaves nothing visible.
class TaskWriter {
 public:
  virtual ~TaskWriter() = default;
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& slice) = 0;
  virtual Result<std::unique_ptr<TaskCommit>> Finish() = 0;
};

// How the loop may treat a batch whose number stands in the sink's own log.
enum class BatchStanding { kNew, kCommitted };

// Where a query's batches go, each once. Called from the query's thread, except TaskWriter, which tasks own.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // "FileSink[s3a://b/p]": as in Spark's progress.
  virtual std::string description() const = 0;
  // Once, before any batch: checks the target against the checkpoint. `next` is the batch that would run next, or
  // `recovered` when it was planned before the restart; refuses foreign writers and holes by name.
  virtual Status Start(BatchId next, bool recovered) = 0;
  // Has this batch been committed to the target before? Fails when a foreign writer's entry stands there.
  virtual Result<BatchStanding> Standing(BatchId batch, bool recovered) = 0;
  // `identity` is the task's input (InputPartition::identity).
  virtual Result<std::unique_ptr<TaskWriter>> OpenTask(BatchId batch, TaskId task, const std::string& identity) = 0;
  // Makes the batch visible, all or nothing. Commits come in task order.
  virtual Status Commit(BatchId batch, std::vector<std::unique_ptr<TaskCommit>> commits) = 0;
  // Of a batch that was begun here and that another engine may have ended: is what was written here visible? If not, it
  // is removed. Nothing: the sink cannot tell.
  virtual Result<std::optional<bool>> Settle(BatchId batch) { return std::optional<bool>(); }
};

}  // namespace sluice
