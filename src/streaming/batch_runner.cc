// SPDX-License-Identifier: Apache-2.0
#include "streaming/batch_runner.h"

#include <arrow/record_batch.h>

#include <algorithm>

#include "base/log_context.h"
#include "base/spark_error.h"
#include "exec/task_runner.h"
#include "streaming/bad_record_batch.h"

namespace sluice {

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

std::vector<BatchRunner::Task> BatchRunner::CutTasks(const std::vector<InputPartition>& inputs) const {
  std::vector<Task> tasks;
  const bool merge = shape_.partitions > 0 && !shape_.shuffle && static_cast<size_t>(shape_.partitions) < inputs.size();
  const size_t count = merge ? static_cast<size_t>(shape_.partitions) : std::max<size_t>(inputs.size(), 1);
  for (size_t i = 0; i < count; ++i) {
    Task task;
    // Neighbours go together, as evenly as possible.
    for (size_t j = i * inputs.size() / count; j < (i + 1) * inputs.size() / count; ++j) {
      task.identity += (task.identity.empty() ? "" : "+") + inputs[j].identity;
      task.inputs.push_back(inputs[j]);
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

Result<std::unique_ptr<Operator>> BatchRunner::OpenPipeline(const BatchWork& work, const InputPartition& input,
                                                            BadRowSink* bad_rows, int64_t* rows) {
  SLUICE_ASSIGN(std::unique_ptr<SliceReader> reader, work.source->OpenReader(input, shape_.scan->scan.columns));
  SLUICE_RETURN_IF_ERROR(Track(reader.get()));
  return BuildTaskPipeline(*shape_.rows, std::make_unique<TrackedReader>(this, std::move(reader), rows), *work.context,
                           bad_rows);
}

Result<std::unique_ptr<TaskCommit>> BatchRunner::RunTask(const BatchWork& work, TaskId id, const Task& task,
                                                         int64_t* rows) {
  SLUICE_ASSIGN(std::unique_ptr<TaskWriter> writer, work.sink->OpenTask(work.batch, id, task.identity));
  BadRowSink* const bad_rows = work.bad_records == nullptr ? nullptr : work.bad_records->OpenTask(id, task.identity);
  for (const InputPartition& input : task.inputs) {
    SLUICE_ASSIGN(std::unique_ptr<Operator> pipeline, OpenPipeline(work, input, bad_rows, rows));
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
Result<BatchOutcome> BatchRunner::RunShuffled(const BatchWork& work, const std::vector<InputPartition>& inputs) {
  BatchOutcome outcome;
  std::string identity;
  for (const InputPartition& input : inputs) identity += input.identity + "+";
  SLUICE_ASSIGN(const auto writers, OpenTogether(work, identity));
  BadRowSink* const bad_rows = work.bad_records == nullptr ? nullptr : work.bad_records->OpenTask(TaskId(0), identity);
  size_t turn = 0;
  for (const InputPartition& input : inputs) {
    SLUICE_ASSIGN(std::unique_ptr<Operator> pipeline, OpenPipeline(work, input, bad_rows, &outcome.input_rows));
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

Result<BatchOutcome> BatchRunner::Run(const BatchWork& work, const std::vector<InputPartition>& inputs) {
  {
    std::lock_guard lock(mutex_);
    failing_ = cancelled_;
    stopped_ = cancelled_;
  }
  if (shape_.partitions > 0 && shape_.shuffle) return RunShuffled(work, inputs);
  const std::vector<Task> tasks = CutTasks(inputs);
  BatchOutcome outcome;
  outcome.commits.resize(tasks.size());
  std::vector<int64_t> rows(tasks.size(), 0);
  const auto run_one = [&, about = CurrentLogContext()](int i) -> Status {
    const ScopedLogContext scope(about);
    const auto index = static_cast<size_t>(i);
    SLUICE_ASSIGN(outcome.commits[index], RunTask(work, TaskId(i), tasks[index], &rows[index]));
    return Status::OK();
  };
  SLUICE_RETURN_IF_ERROR(RunTasks(*tasks_, static_cast<int>(tasks.size()), run_one, [this] { CancelReaders(false); }));
  for (size_t i = 0; i < tasks.size(); ++i) {
    outcome.input_rows += rows[i];
    outcome.output_rows += outcome.commits[i]->rows;
  }
  return outcome;
}

}  // namespace sluice
