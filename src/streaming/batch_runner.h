// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "connectors/sink.h"
#include "connectors/source.h"
#include "exec/task_pipeline.h"
#include "expr/expr.h"
#include "streaming/source_set.h"

namespace sluice {

class BadRecordBatch;
class ThreadPool;

// A batch to run. Not owned.
struct BatchWork {
  BatchId batch;
  std::vector<StreamSource*> sources;  // by ordinal, one a branch of the shape
  StreamSink* sink = nullptr;
  const EvalContext* context = nullptr;
  const JoinTables* tables = nullptr;     // of the shape's joins
  BadRecordBatch* bad_records = nullptr;  // null: a row that fails fails the batch
};

// What the tasks of a batch did.
struct BatchOutcome {
  std::vector<int64_t> source_rows;  // rows read, by source
  int64_t output_rows = 0;
  int64_t bad_records = 0;
  std::vector<std::unique_ptr<TaskCommit>> commits;  // in task order

  int64_t input_rows() const;
};

// Runs the tasks of one batch: source partition -> operators -> sink writer. How rows are cut into tasks depends on the
// batch's ranges and on the plan alone. Run is called by the query's thread, Cancel by any.
class BatchRunner {
 public:
  BatchRunner(StreamingShape shape, ThreadPool* tasks) : shape_(std::move(shape)), tasks_(tasks) {}
  const StreamingShape& shape() const { return shape_; }

  Result<BatchOutcome> Run(const BatchWork& work, const std::vector<SourceInput>& inputs);
  // Makes the batch that runs end with an error soon, and every later one.
  void Cancel();
  bool cancelled() const;
  // Set while the tasks of a batch are to end: Cancel was called, or one of them failed.
  const std::atomic<bool>& stopped() const { return stopped_; }

 private:
  // One task of the sink: the inputs that it reads one after the other.
  struct Task {
    std::vector<SourceInput> inputs;
    std::string identity;
    std::vector<int64_t> rows;  // read so far, by source
  };
  class TrackedReader;

  std::vector<Task> CutTasks(const std::vector<SourceInput>& inputs) const;
  Result<std::unique_ptr<Operator>> OpenPipeline(const BatchWork& work, const SourceInput& input, BadRowSink* bad_rows,
                                                 int64_t* rows);
  Result<std::unique_ptr<TaskCommit>> RunTask(const BatchWork& work, TaskId id, Task* task);
  Result<std::vector<std::unique_ptr<TaskWriter>>> OpenTogether(const BatchWork& work,
                                                                const std::string& identity) const;
  Result<BatchOutcome> RunShuffled(const BatchWork& work, const std::vector<SourceInput>& inputs);
  Status Track(SliceReader* reader);
  void Untrack(SliceReader* reader);
  void CancelReaders(bool for_good);

  const StreamingShape shape_;
  ThreadPool* const tasks_;
  mutable std::mutex mutex_;
  std::set<SliceReader*> readers_;
  bool failing_ = false;              // a task of this batch failed: the others stop
  bool cancelled_ = false;            // the batch was given up
  std::atomic<bool> stopped_{false};  // either, for those who must not wait for the lock
};

}  // namespace sluice
