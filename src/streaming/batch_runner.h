// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "connectors/sink.h"
#include "connectors/source.h"
#include "exec/observe.h"
#include "exec/stateful/stateful_operator.h"
#include "exec/task_pipeline.h"
#include "expr/expr.h"
#include "streaming/source_set.h"

namespace sluice {

class BadRecordBatch;
class QueryStateStores;
class ThreadPool;

// A batch to run. Not owned.
struct BatchWork {
  BatchId batch;
  std::vector<StreamSource*> sources;  // by ordinal
  StreamSink* sink = nullptr;          // null: the sink has the batch, and only what it leaves behind is wanted
  const EvalContext* context = nullptr;
  const JoinTables* tables = nullptr;     // of the shape's joins
  BadRecordBatch* bad_records = nullptr;  // null: a row that fails fails the batch
  QueryStateStores* stores = nullptr;     // of the shape's steps
  StateBatch state = {};
};

// What the tasks of a batch did.
struct BatchOutcome {
  std::vector<int64_t> source_rows;  // rows read, by source
  int64_t output_rows = 0;
  int64_t bad_records = 0;
  std::vector<std::unique_ptr<TaskCommit>> commits;  // in task order
  std::vector<EventTimes> event_times;               // by watermark node
  std::vector<StateCounts> state;                    // by step
  std::vector<ObservedMetrics> metrics;              // of the plan's observations

  int64_t input_rows() const;
};

// Runs the tasks of one batch: inputs -> operators -> sink writer. Where a plan keeps state, the rows of each step are
// exchanged to its partitions first, from the lowest step up, and a partition is then an input of what stands above it.
// Where the rows for the sink are repartitioned, or sorted as a whole, they are exchanged to the sink's tasks.
// How rows are cut into tasks depends on the batch's ranges and on the plan alone. Run is called by the query's thread,
// Cancel by any.
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
  // What a task reads: a part of a source, or a partition of a step.
  struct TaskInput {
    const StreamBranch* branch = nullptr;
    InputPartition input;
    int partition = 0;
    std::string identity;
  };
  // The inputs that a task reads one after the other.
  struct Task {
    std::vector<TaskInput> inputs;
    std::string identity;
    std::vector<int64_t> rows;  // read so far, by source
    std::vector<EventTimes> event_times;
  };
  class TrackedReader;
  class PartitionRows;
  struct Exchanges;

  std::vector<TaskInput> InputsOf(const std::vector<StreamBranch>& branches, const BatchWork& work,
                                  const std::vector<SourceInput>& inputs) const;
  std::vector<Task> CutTasks(std::vector<TaskInput> inputs, size_t count) const;
  Task NewTask() const;
  Result<std::unique_ptr<Operator>> OpenInput(const BatchWork& work, Exchanges* exchanges, const TaskInput& input,
                                              BadRowSink* bad_rows, Task* task);
  Result<std::unique_ptr<Operator>> OpenPipeline(const BatchWork& work, Exchanges* exchanges, const TaskInput& input,
                                                 BadRowSink* bad_rows, Task* task);
  Status RunAll(std::vector<Task>* tasks, const std::function<Status(int, Task*)>& run, BatchOutcome* outcome);
  Status RunStep(const BatchWork& work, const std::vector<SourceInput>& inputs, size_t step, Exchanges* exchanges,
                 BatchOutcome* outcome);
  Result<std::unique_ptr<TaskCommit>> RunTask(const BatchWork& work, Exchanges* exchanges, TaskId id, Task* task);
  Status RunToSink(const BatchWork& work, const std::vector<SourceInput>& inputs, Exchanges* exchanges,
                   BatchOutcome* outcome);
  Status Move(const BatchWork& work, Exchanges* exchanges, std::vector<Task>* tasks, Exchange* moved,
              BatchOutcome* outcome);
  Result<std::unique_ptr<Operator>> OpenMoved(const BatchWork& work, ExchangeRows rows) const;
  Status RunMoved(const BatchWork& work, Exchanges* exchanges, std::vector<TaskInput> inputs, BatchOutcome* outcome);
  void AddTask(const Task& task, BatchOutcome* outcome) const;
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
