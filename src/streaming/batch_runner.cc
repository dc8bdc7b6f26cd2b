// SPDX-License-Identifier: Apache-2.0
#include "streaming/batch_runner.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <numeric>

#include "base/log_context.h"
#include "base/spark_error.h"
#include "exec/task_runner.h"
#include "streaming/bad_records/batch.h"

namespace sluice {

int64_t BatchOutcome::input_rows() const {
  return std::accumulate(source_rows.begin(), source_rows.end(), int64_t{0});
}

// Counts rows, and can be cancelled while it waits for the source.
class BatchRunner::TrackedReader : public SliceReader {
 public:
  TrackedReader(BatchRunner* runner, std::unique_ptr<SliceReader> reader, int64_t* rows)
      : runner_(runner), reader_(std::move(reader)), rows_(rows) {}
  ~TrackedReader() override { runner_->Untrack(reader_.get()); }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    SLUICE_ASSIGN(auto slice, reader_->Next());
    if (slice != nullptr) *rows_ += slice->num_rows();
    return slice;
  }
  std::string PlaceOf(int64_t row) const override { return reader_->PlaceOf(row); }
  Result<SourceRecord> RecordOf(int64_t row) const override { return reader_->RecordOf(row); }
  void Cancel() override { reader_->Cancel(); }

 private:
  BatchRunner* runner_;
  std::unique_ptr<SliceReader> reader_;
  int64_t* rows_;
};

Status BatchRunner::Track(SliceReader* reader) {
  std::lock_guard lock(mutex_);
  if (cancelled_ || failing_) return EnvironmentError("SLUICE_BATCH_GIVEN_UP", "The batch was given up.");
  readers_.insert(reader);
  return Status::OK();
}

void BatchRunner::Untrack(SliceReader* reader) {
  std::lock_guard lock(mutex_);
  readers_.erase(reader);
}

void BatchRunner::CancelReaders(bool for_good) {
  std::lock_guard lock(mutex_);
  failing_ = true;
  cancelled_ |= for_good;
  stopped_ = true;
  for (SliceReader* reader : readers_) reader->Cancel();
}

void BatchRunner::Cancel() {
  CancelReaders(true);
}

bool BatchRunner::cancelled() const {
  std::lock_guard lock(mutex_);
  return cancelled_;
}

std::vector<BatchRunner::Task> BatchRunner::CutTasks(const std::vector<SourceInput>& inputs) const {
  std::vector<Task> tasks;
  const bool merge = shape_.partitions > 0 && !shape_.shuffle && static_cast<size_t>(shape_.partitions) < inputs.size();
  const size_t count = merge ? static_cast<size_t>(shape_.partitions) : std::max<size_t>(inputs.size(), 1);
  for (size_t i = 0; i < count; ++i) {
    Task task;
    task.rows.resize(shape_.branches.size());
    // Neighbours go together, as evenly as possible.
    for (size_t j = i * inputs.size() / count; j < (i + 1) * inputs.size() / count; ++j) {
      task.identity += (task.identity.empty() ? "" : "+") + inputs[j].input.identity;
      task.inputs.push_back(inputs[j]);
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

Result<std::unique_ptr<Operator>> BatchRunner::OpenPipeline(const BatchWork& work, const SourceInput& input,
                                                            BadRowSink* bad_rows, int64_t* rows) {
  const StreamBranch& branch = shape_.branches[input.source];
  SLUICE_ASSIGN(std::unique_ptr<SliceReader> reader,
                work.sources[input.source]->OpenReader(input.input, branch.scan->scan.columns));
  SLUICE_RETURN_IF_ERROR(Track(reader.get()));
  return BuildBranch(branch, std::make_unique<TrackedReader>(this, std::move(reader), rows), *work.context,
                     *work.tables, bad_rows);
}

Result<std::unique_ptr<TaskCommit>> BatchRunner::RunTask(const BatchWork& work, TaskId id, Task* task) {
  SLUICE_ASSIGN(std::unique_ptr<TaskWriter> writer, work.sink->OpenTask(work.batch, id, task->identity));
  BadRowSink* const bad_rows = work.bad_records == nullptr ? nullptr : work.bad_records->OpenTask(id, task->identity);
  for (const SourceInput& input : task->inputs) {
    SLUICE_ASSIGN(std::unique_ptr<Operator> pipeline, OpenPipeline(work, input, bad_rows, &task->rows[input.source]));
    for (;;) {
      SLUICE_ASSIGN(auto slice, pipeline->Next());
      if (slice == nullptr) break;
      if (slice->num_rows() > 0) SLUICE_RETURN_IF_ERROR(writer->Write(slice));
    }
  }
  return writer->Finish();
}

// One query of the process at a time: each of these writers waits for memory while the ones before it have theirs, and
// of two queries that do so neither might ever get its last one.
Result<std::vector<std::unique_ptr<TaskWriter>>> BatchRunner::OpenTogether(const BatchWork& work,
                                                                           const std::string& identity) const {
  static std::mutex one_at_a_time;
  std::lock_guard lock(one_at_a_time);
  std::vector<std::unique_ptr<TaskWriter>> writers;
  for (int i = 0; i < shape_.partitions; ++i) {
    SLUICE_ASSIGN(auto writer, work.sink->OpenTask(work.batch, TaskId(i), identity + std::to_string(i)));
    writers.push_back(std::move(writer));
  }
  return writers;
}

// repartition(n): slice i of the batch, counted over all inputs in order, goes to task i % n. One thread reads, so the
// cut is the same on every run.
Result<BatchOutcome> BatchRunner::RunShuffled(const BatchWork& work, const std::vector<SourceInput>& inputs) {
  BatchOutcome outcome;
  outcome.source_rows.resize(shape_.branches.size());
  std::string identity;
  for (const SourceInput& input : inputs) identity += input.input.identity + "+";
  SLUICE_ASSIGN(const auto writers, OpenTogether(work, identity));
  BadRowSink* const bad_rows = work.bad_records == nullptr ? nullptr : work.bad_records->OpenTask(TaskId(0), identity);
  size_t turn = 0;
  for (const SourceInput& input : inputs) {
    SLUICE_ASSIGN(std::unique_ptr<Operator> pipeline,
                  OpenPipeline(work, input, bad_rows, &outcome.source_rows[input.source]));
    for (;;) {
      SLUICE_ASSIGN(auto slice, pipeline->Next());
      if (slice == nullptr) break;
      if (slice->num_rows() > 0) SLUICE_RETURN_IF_ERROR(writers[turn++ % writers.size()]->Write(slice));
    }
  }
  for (const auto& writer : writers) {
    SLUICE_ASSIGN(auto commit, writer->Finish());
    outcome.output_rows += commit->rows;
    outcome.commits.push_back(std::move(commit));
  }
  return outcome;
}

Result<BatchOutcome> BatchRunner::Run(const BatchWork& work, const std::vector<SourceInput>& inputs) {
  {
    std::lock_guard lock(mutex_);
    failing_ = cancelled_;
    stopped_ = cancelled_;
  }
  if (shape_.partitions > 0 && shape_.shuffle) return RunShuffled(work, inputs);
  std::vector<Task> tasks = CutTasks(inputs);
  BatchOutcome outcome;
  outcome.source_rows.resize(shape_.branches.size());
  outcome.commits.resize(tasks.size());
  const auto run_one = [&, about = CurrentLogContext()](int i) -> Status {
    const ScopedLogContext scope(about);
    const auto index = static_cast<size_t>(i);
    SLUICE_ASSIGN(outcome.commits[index], RunTask(work, TaskId(i), &tasks[index]));
    return Status::OK();
  };
  SLUICE_RETURN_IF_ERROR(RunTasks(*tasks_, static_cast<int>(tasks.size()), run_one, [this] { CancelReaders(false); }));
  for (size_t i = 0; i < tasks.size(); ++i) {
    for (size_t source = 0; source < tasks[i].rows.size(); ++source) {
      outcome.source_rows[source] += tasks[i].rows[source];
    }
    outcome.output_rows += outcome.commits[i]->rows;
  }
  return outcome;
}

}  // namespace sluice
