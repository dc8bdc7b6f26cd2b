// SPDX-License-Identifier: Apache-2.0
#include "streaming/batch_runner.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/log_context.h"
#include "base/spark_error.h"
#include "exec/planner.h"
#include "exec/row_placement.h"
#include "exec/scan.h"
#include "exec/task_runner.h"
#include "exec/write_rows.h"
#include "plan/rewrite.h"
#include "plan/stream_join.h"
#include "streaming/bad_records/batch.h"
#include "streaming/query_state_stores.h"

namespace sluice {

namespace {

// The branches of the sink stand on the steps, with all that is below those.
Measurements MeasurementsOf(const StreamingShape& shape) {
  std::vector<const PlanNode*> plans;
  for (const StreamBranch& branch : shape.branches) plans.push_back(branch.rows.get());
  if (shape.tail != nullptr) plans.push_back(shape.tail.get());
  return MeasurementsIn(plans);
}

}  // namespace

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
  std::vector<std::pair<SourceRecord, Status>> TakeUnreadable() override { return reader_->TakeUnreadable(); }
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

namespace {

// The batch as a step sees it. One above others goes by the least watermark that they let through.
StateBatch BatchOf(const StateBatch& batch, const StateStep& step, const std::vector<StateStep>& steps,
                   const std::function<const StateBatch&(size_t step)>& below) {
  StateBatch its = batch;
  const auto lower = [](const PlanNode& from, const std::optional<int64_t>& given, std::optional<int64_t>* us) {
    if (!given || !*us) return;
    const int64_t through = JoinsStreams(from) ? WatermarkAbove(from, *given / 1000) * 1000 : *given;
    *us = std::min(**us, through);
  };
  for (const auto& side : step.inputs) {
    for (const StreamBranch& branch : side) {
      if (!branch.step) continue;
      const PlanNode& from = *steps[*branch.step].node;
      lower(from, below(*branch.step).late_us, &its.late_us);
      lower(from, below(*branch.step).evict_us, &its.evict_us);
    }
  }
  return its;
}

}  // namespace

// The rows on their way, by step and its input, and what the partitions did.
struct BatchRunner::Exchanges {
  struct Step {
    std::vector<std::unique_ptr<Exchange>> inputs;
    std::vector<StateCounts> counts;  // by partition
    StateBatch batch;                 // with the watermarks that count for the step
  };
  std::vector<Step> steps;
};

// What a partition of a step gives; once all of it is taken the partition's state is committed.
class BatchRunner::PartitionRows : public Operator {
 public:
  PartitionRows(std::unique_ptr<Operator> rows, OperatorStores* stores, int partition, int64_t next_version,
                StateCounts* counts)
      : rows_(std::move(rows)), stores_(stores), partition_(partition), next_version_(next_version), counts_(counts) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return rows_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    SLUICE_ASSIGN(auto slice, rows_->Next());
    if (slice != nullptr) return slice;
    const StateTimer timer(&counts_->commit_ns);
    SLUICE_RETURN_IF_ERROR(stores_->Commit(partition_, next_version_));
    return slice;
  }

 private:
  const std::unique_ptr<Operator> rows_;
  OperatorStores* const stores_;
  const int partition_;
  const int64_t next_version_;
  StateCounts* const counts_;
};

std::vector<BatchRunner::TaskInput> BatchRunner::InputsOf(const std::vector<StreamBranch>& branches,
                                                          const BatchWork& work,
                                                          const std::vector<SourceInput>& inputs) const {
  std::vector<TaskInput> all;
  for (const StreamBranch& branch : branches) {
    if (!branch.step) {
      for (const SourceInput& input : inputs) {
        if (input.source == branch.source) all.push_back({&branch, input.input, 0, input.input.identity});
      }
      continue;
    }
    for (int partition = 0; partition < work.stores->partitions(*branch.step); ++partition) {
      all.push_back({&branch, {}, partition, fmt::format("state/{}/{}", shape_.steps[*branch.step].id, partition)});
    }
  }
  return all;
}

BatchRunner::Task BatchRunner::NewTask() const {
  Task task;
  task.rows.resize(shape_.scans.size());
  task.event_times.resize(shape_.delays_ms.size());
  return task;
}

// Neighbours go together, as evenly as possible.
std::vector<BatchRunner::Task> BatchRunner::CutTasks(std::vector<TaskInput> inputs, size_t count) const {
  std::vector<Task> tasks;
  for (size_t i = 0; i < count; ++i) {
    Task task = NewTask();
    for (size_t j = i * inputs.size() / count; j < (i + 1) * inputs.size() / count; ++j) {
      task.identity += (task.identity.empty() ? "" : "+") + inputs[j].identity;
      task.inputs.push_back(std::move(inputs[j]));
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

Result<std::unique_ptr<Operator>> BatchRunner::OpenInput(const BatchWork& work, Exchanges* exchanges,
                                                         const TaskInput& input, BadRowSink* bad_rows, Task* task) {
  const StreamBranch& branch = *input.branch;
  if (!branch.step) {
    SLUICE_ASSIGN(
        std::unique_ptr<SliceReader> reader,
        work.sources[branch.source]->OpenReader(input.input, branch.bottom->Get<plan::Scan>().source.columns));
    SLUICE_RETURN_IF_ERROR(Track(reader.get()));
    auto tracked = std::make_unique<TrackedReader>(this, std::move(reader), &task->rows[branch.source]);
    return std::make_unique<ScanOperator>(branch.bottom->schema, std::move(tracked), bad_rows);
  }
  Exchanges::Step& step = exchanges->steps[*branch.step];
  OperatorStores& stores = work.stores->stores(*branch.step);
  SLUICE_RETURN_IF_ERROR(stores.Open(input.partition, step.batch.version));
  StateCounts* const counts = &step.counts[static_cast<size_t>(input.partition)];
  StatePartition partition{input.partition, {}, &stores, counts};
  for (const auto& exchange : step.inputs) partition.rows.push_back(exchange->Take(input.partition));
  SLUICE_ASSIGN(auto rows, work.stores->step(*branch.step).OpenPartition(step.batch, std::move(partition)));
  return std::make_unique<PartitionRows>(std::move(rows), &stores, input.partition, step.batch.version + 1, counts);
}

Result<std::unique_ptr<Operator>> BatchRunner::OpenPipeline(const BatchWork& work, Exchanges* exchanges,
                                                            const TaskInput& input, BadRowSink* bad_rows, Task* task) {
  SLUICE_ASSIGN(std::unique_ptr<Operator> leaf, OpenInput(work, exchanges, input, bad_rows, task));
  return BuildBranch(*input.branch, std::move(leaf), *work.context, {work.tables, &shape_, &task->event_times},
                     bad_rows);
}

void BatchRunner::AddTask(const Task& task, BatchOutcome* outcome) const {
  for (size_t source = 0; source < task.rows.size(); ++source) outcome->source_rows[source] += task.rows[source];
  for (size_t node = 0; node < task.event_times.size(); ++node) {
    outcome->event_times[node].Merge(task.event_times[node]);
  }
}

Status BatchRunner::RunAll(std::vector<Task>* tasks, const std::function<Status(int, Task*)>& run,
                           BatchOutcome* outcome) {
  const auto run_one = [&, about = CurrentLogContext()](int i) -> Status {
    const ScopedLogContext scope(about);
    return run(i, &(*tasks)[static_cast<size_t>(i)]);
  };
  SLUICE_RETURN_IF_ERROR(RunTasks(*tasks_, static_cast<int>(tasks->size()), run_one, [this] { CancelReaders(false); }));
  for (const Task& task : *tasks) AddTask(task, outcome);
  return Status::OK();
}

// Brings the rows of a step's inputs to its partitions.
Status BatchRunner::RunStep(const BatchWork& work, const std::vector<SourceInput>& inputs, size_t step,
                            Exchanges* exchanges, BatchOutcome* outcome) {
  Exchanges::Step& made = exchanges->steps[step];
  made.counts.resize(static_cast<size_t>(work.stores->partitions(step)));
  for (size_t side = 0; side < shape_.steps[step].inputs.size(); ++side) {
    std::vector<TaskInput> all = InputsOf(shape_.steps[step].inputs[side], work, inputs);
    const size_t count = all.size();
    std::vector<Task> tasks = CutTasks(std::move(all), count);
    auto exchange =
        std::make_unique<Exchange>(static_cast<int>(count), work.stores->partitions(step), work.state.budget);
    const auto run = [&](int i, Task* task) -> Status {
      SLUICE_ASSIGN(auto pipeline, OpenPipeline(work, exchanges, task->inputs[0], nullptr, task));
      SLUICE_ASSIGN(auto into, work.stores->step(step).OpenInput(side, made.batch, exchange.get(), i));
      for (;;) {
        SLUICE_ASSIGN(auto slice, pipeline->Next());
        if (slice == nullptr) return into->Finish();
        if (const Status added = into->Add(slice); !added.ok()) return AtPlaceOf(*pipeline, added);
      }
    };
    SLUICE_RETURN_IF_ERROR(RunAll(&tasks, run, outcome));
    made.inputs.push_back(std::move(exchange));
  }
  return Status::OK();
}

namespace {

// Takes rows that are not wanted: of a batch that the sink has already.
class NoWriter : public TaskWriter {
 public:
  Status Write(const std::shared_ptr<arrow::RecordBatch>&) override { return Status::OK(); }
  Result<std::unique_ptr<TaskCommit>> Finish() override { return std::make_unique<TaskCommit>(); }
};

Result<std::unique_ptr<TaskWriter>> WriterOf(const BatchWork& work, TaskId id, const std::string& identity) {
  if (work.sink == nullptr) return std::make_unique<NoWriter>();
  return work.sink->OpenTask(work.batch, id, identity);
}

}  // namespace

Result<std::unique_ptr<TaskCommit>> BatchRunner::RunTask(const BatchWork& work, Exchanges* exchanges, TaskId id,
                                                         Task* task) {
  SLUICE_ASSIGN(std::unique_ptr<TaskWriter> writer, WriterOf(work, id, task->identity));
  BadRowSink* const bad_rows = work.bad_records == nullptr ? nullptr : work.bad_records->OpenTask(id, task->identity);
  for (const TaskInput& input : task->inputs) {
    SLUICE_ASSIGN(std::unique_ptr<Operator> pipeline, OpenPipeline(work, exchanges, input, bad_rows, task));
    SLUICE_RETURN_IF_ERROR(WriteAll(pipeline.get(), writer.get()));
  }
  return writer->Finish();
}

// Brings the rows for the sink to the tasks that write them. What is wrong with a row is found on the way, where it is
// known where the row came from.
Status BatchRunner::Move(const BatchWork& work, Exchanges* exchanges, std::vector<Task>* tasks, Exchange* moved,
                         BatchOutcome* outcome) {
  const auto run = [&](int i, Task* task) -> Status {
    const bool set_aside = work.bad_records != nullptr && shape_.tail == nullptr;
    BadRowSink* const bad_rows = set_aside ? work.bad_records->OpenTask(TaskId(i), task->identity) : nullptr;
    SLUICE_ASSIGN(auto pipeline, OpenPipeline(work, exchanges, task->inputs[0], bad_rows, task));
    if (shape_.tail != nullptr) return PlaceTogether(pipeline.get(), i, moved, work.context->pool).status();
    const auto placement = MakePlacement(*shape_.repartition, i, *work.context);
    return PlaceRows(pipeline.get(), placement.get(), i, moved, work.context->pool);
  };
  return RunAll(tasks, run, outcome);
}

// A whole result that is sorted or cut off is a batch query over the rows.
Result<std::unique_ptr<Operator>> BatchRunner::OpenMoved(const BatchWork& work, ExchangeRows rows) const {
  if (shape_.tail == nullptr) {
    return std::make_unique<ExchangeOperator>(shape_.branches.at(0).rows->schema, std::move(rows));
  }
  const PlanPtr all = MakeNode(plan::LocalRows(), {}, shape_.tail_input->schema);
  const PlanPtr plan = RewritePlan(
      shape_.tail, [&](const PlanPtr& node) -> PlanPtr { return node == shape_.tail_input ? all : nullptr; });
  PlannerContext planner;
  planner.eval = *work.context;
  planner.budget = work.state.budget;
  planner.given[all.get()] =
      std::make_shared<std::unique_ptr<Operator>>(std::make_unique<ExchangeOperator>(all->schema, std::move(rows)));
  return PlanOperators(plan, planner);
}

Status BatchRunner::RunMoved(const BatchWork& work, Exchanges* exchanges, std::vector<TaskInput> inputs,
                             BatchOutcome* outcome) {
  const size_t count = inputs.size();
  std::vector<Task> tasks = CutTasks(std::move(inputs), count);
  std::string identity;
  for (const Task& task : tasks) identity += task.identity + "+";
  const int partitions = shape_.tail != nullptr ? 1 : shape_.repartition->partitions;
  Exchange moved(static_cast<int>(count), partitions, work.state.budget);
  SLUICE_RETURN_IF_ERROR(Move(work, exchanges, &tasks, &moved, outcome));
  outcome->commits.resize(static_cast<size_t>(partitions));
  std::vector<Task> writing(outcome->commits.size(), NewTask());
  const auto run = [&](int i, Task*) -> Status {
    SLUICE_ASSIGN(const auto writer, WriterOf(work, TaskId(i), identity + std::to_string(i)));
    SLUICE_ASSIGN(const auto rows, OpenMoved(work, moved.Take(i)));
    SLUICE_RETURN_IF_ERROR(WriteAll(rows.get(), writer.get()));
    SLUICE_ASSIGN(outcome->commits[static_cast<size_t>(i)], writer->Finish());
    return Status::OK();
  };
  return RunAll(&writing, run, outcome);
}

Status BatchRunner::RunToSink(const BatchWork& work, const std::vector<SourceInput>& inputs, Exchanges* exchanges,
                              BatchOutcome* outcome) {
  std::vector<TaskInput> all = InputsOf(shape_.branches, work, inputs);
  const bool repartitioned = shape_.repartition && shape_.repartition->moves_rows();
  if (repartitioned || shape_.tail != nullptr) {
    SLUICE_RETURN_IF_ERROR(RunMoved(work, exchanges, std::move(all), outcome));
  } else {
    const auto most = static_cast<size_t>(shape_.repartition ? shape_.repartition->partitions : 0);
    const size_t count = most > 0 && most < all.size() ? most : std::max<size_t>(all.size(), 1);
    std::vector<Task> tasks = CutTasks(std::move(all), count);
    outcome->commits.resize(tasks.size());
    const auto run = [&](int i, Task* task) -> Status {
      SLUICE_ASSIGN(outcome->commits[static_cast<size_t>(i)], RunTask(work, exchanges, TaskId(i), task));
      return Status::OK();
    };
    SLUICE_RETURN_IF_ERROR(RunAll(&tasks, run, outcome));
  }
  for (const auto& commit : outcome->commits) outcome->output_rows += commit->rows;
  return Status::OK();
}

Result<BatchOutcome> BatchRunner::Run(const BatchWork& work, const std::vector<SourceInput>& inputs) {
  {
    std::lock_guard lock(mutex_);
    failing_ = cancelled_;
    stopped_ = cancelled_;
  }
  BatchOutcome outcome;
  outcome.source_rows.resize(shape_.scans.size());
  outcome.event_times.resize(shape_.delays_ms.size());
  Exchanges exchanges;
  exchanges.steps.resize(shape_.steps.size());
  for (size_t step = 0; step < shape_.steps.size(); ++step) {
    const auto below = [&](size_t i) -> const StateBatch& { return exchanges.steps[i].batch; };
    exchanges.steps[step].batch = BatchOf(work.state, shape_.steps[step], shape_.steps, below);
    SLUICE_RETURN_IF_ERROR(RunStep(work, inputs, step, &exchanges, &outcome));
  }
  SLUICE_RETURN_IF_ERROR(RunToSink(work, inputs, &exchanges, &outcome));
  for (const Exchanges::Step& step : exchanges.steps) {
    StateCounts all;
    for (const StateCounts& counts : step.counts) all.Add(counts);
    outcome.state.push_back(all);
  }
  SLUICE_ASSIGN(outcome.metrics, TakeMetrics(MeasurementsOf(shape_)));
  return outcome;
}

}  // namespace sluice
