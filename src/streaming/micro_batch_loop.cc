// SPDX-License-Identifier: Apache-2.0
#include "streaming/micro_batch_loop.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/idle_memory.h"
#include "base/log_context.h"
#include "base/logging.h"
#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "checkpoint/attempt_marks.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/offset_conf.h"
#include "connectors/file/partition_check.h"
#include "connectors/registry.h"
#include "expr/result_pool.h"
#include "plan/determinism.h"
#include "streaming/bad_record_batch.h"
#include "streaming/bad_record_conf.h"

namespace sluice {
namespace {

// Without new data the looks at the source grow rarer up to this, so that an idle query costs next to nothing.
constexpr int64_t kLongestIdlePollMs = 100;
// Without new data for so long, memory is given back.
constexpr int64_t kIdleMemoryNanos = 2'000'000'000;

// What decides how a batch is cut into files, and more: a checksum that differs means that an earlier attempt may have
// made files of other names. Secrets decide nothing, and their checksum in a stored file would help who guesses them.
std::string SetupOf(const QuerySpec& spec, const ScanSpec& scan) {
  std::string text = Explain(*spec.plan) + spec.sink_format + spec.sink_path;
  const auto add = [&](const auto& values) {
    for (const auto& [key, value] : values) {
      if (!IsSecretKey(key)) text += fmt::format("\n{}={}", key, value);
    }
  };
  add(scan.options);
  add(spec.sink_options);
  add(spec.conf.values());
  // Version 2 of partitioned files: one a folder and task. (1 closed files to open others, and went on in further
  // ones.)
  for (const std::string& column : spec.partition_columns) text += "\npartitioned, version 2: " + column;
  return fmt::format("{:08x}", Crc32c(text));
}

// A row whose partition value cannot be the name of a folder fails in the plan, where it can be set aside.
PlanPtr WithPartitionCheck(const QuerySpec& spec) {
  if (spec.partition_columns.empty() || spec.sink_path.empty()) return spec.plan;
  ExprPtr check = PartitionCheck(*spec.plan->schema, spec.partition_columns, spec.sink_path);
  if (check == nullptr) return spec.plan;
  auto filter = std::make_shared<PlanNode>();
  filter->kind = PlanKind::kFilter;
  filter->inputs = {spec.plan};
  filter->schema = spec.plan->schema;
  filter->exprs = {std::move(check)};
  return filter;
}

}  // namespace

MicroBatchLoop::MicroBatchLoop(QuerySpec spec, std::string run_id, QueryResources resources, QueryMonitor* monitor)
    : spec_(std::move(spec)),
      run_id_(std::move(run_id)),
      resources_(std::move(resources)),
      monitor_(monitor),
      writer_nonce_(resources_.env->NewUuid()) {}

MicroBatchLoop::~MicroBatchLoop() = default;

Status MicroBatchLoop::Open() {
  SLUICE_ASSIGN(StreamingShape shape, ShapeOf(WithPartitionCheck(spec_)));
  setup_ = SetupOf(spec_, shape.scan->scan);
  runner_ = std::make_unique<BatchRunner>(std::move(shape), resources_.tasks);
  Location folder{MakeMemoryFileSystem(), "/checkpoint"};
  if (!spec_.checkpoint.empty()) {
    SLUICE_ASSIGN(folder, LocatePrivate(resources_.env.get(), spec_.checkpoint, spec_.conf));
  }
  const bool allow_unconditional = spec_.conf.GetBool("spark.sluice.s3.allowUnconditionalWrites");
  SLUICE_ASSIGN(checkpoint_, Checkpoint::Open(folder, resources_.env.get(), allow_unconditional));
  id_ = checkpoint_->query_id();
  SLUICE_ASSIGN(Recovery recovery, checkpoint_->Recover(1));
  next_ = recovery.next;
  Conf conf = spec_.conf;
  if (recovery.previous) {
    previous_conf_ = recovery.previous->conf;
    committed_end_ = recovery.previous->offsets[0];
    conf = WithRecordedSettings(spec_.conf, *previous_conf_);
  }
  if (recovery.planned) {
    Planned planned{next_, *recovery.planned, committed_end_.value_or(""), true};
    previous_conf_ = planned.entry.conf;
    conf = WithRecordedSettings(spec_.conf, planned.entry.conf);
    planned_ = std::move(planned);
    SLUICE_RETURN_IF_ERROR(RecallAttempts());
  }
  SLUICE_RETURN_IF_ERROR(OpenBadRecords());
  SLUICE_RETURN_IF_ERROR(OpenSource(conf));
  SLUICE_RETURN_IF_ERROR(OpenSink(conf, recovery.recovered));
  return SettleBadRecords();
}

// How the planned batch was begun before. Under yet another setup now? Then the attempt after this one shall know.
Status MicroBatchLoop::RecallAttempts() {
  const AttemptMarks marks(checkpoint_->offsets().folder(), checkpoint_->location().path);
  SLUICE_ASSIGN(earlier_bad_records_, marks.Of(planned_->batch));
  begun_otherwise_ = !earlier_bad_records_.empty();
  earlier_bad_records_.push_back(planned_->entry.conf.Find(kBadRecordsPath).value_or(""));
  if (planned_->entry.conf.Find(kSetupKey) == setup_) return Status::OK();
  begun_otherwise_ = true;
  return marks.Add(planned_->batch, setup_, spec_.conf.Get(kBadRecordsPath));
}

Status MicroBatchLoop::OpenSource(const Conf& conf) {
  // Batch 0 was planned: from where is in the source's own log alone.
  const bool recovered_first = planned_ && !committed_end_;
  const StreamingShape& shape = runner_->shape();
  SLUICE_ASSIGN(const Connector* connector, FindConnector(shape.scan->scan.format));
  if (connector->open_stream == nullptr) {
    return NotSupported(fmt::format("The format {} cannot be read as a stream.", shape.scan->scan.format));
  }
  SourceContext context;
  context.env = resources_.env;
  context.conf = conf;
  context.options = Options(shape.scan->scan.options);
  context.paths = shape.scan->scan.paths;
  context.checkpoint = checkpoint_->SourceFolder(0);
  context.query_id = id_;
  context.budget = resources_.budget;
  context.began = recovered_first;
  context.keep_records = bad_records_ != nullptr;
  context.available_now = spec_.trigger.kind != TriggerKind::kProcessingTime;
  context.ignore_rate_limits = spec_.trigger.kind == TriggerKind::kOnce;
  SLUICE_ASSIGN(source_, connector->open_stream(context));
  return Status::OK();
}

Status MicroBatchLoop::OpenSink(const Conf& conf, bool recovered) {
  SLUICE_ASSIGN(const Connector* connector, FindConnector(spec_.sink_format));
  if (connector->open_sink == nullptr) {
    return NotSupported(fmt::format("The format {} cannot be written as a stream.", spec_.sink_format));
  }
  SinkContext context;
  context.env = resources_.env;
  context.conf = conf;
  context.options = Options(spec_.sink_options);
  // The memory sink's table is named as the query.
  if (spec_.sink_format == "memory") context.options.Set("queryName", spec_.name);
  context.path = spec_.sink_path;
  context.partition_columns = spec_.partition_columns;
  context.output_mode = spec_.output_mode;
  context.query_id = id_;
  context.schema = spec_.plan->schema;
  context.deterministic = IsDeterministic(*spec_.plan);
  const StreamingShape& shape = runner_->shape();
  context.tasks_at_once = shape.shuffle ? shape.partitions : 0;
  context.recovered_otherwise = begun_otherwise_;
  context.budget = resources_.budget;
  SLUICE_ASSIGN(sink_, connector->open_sink(context));
  return sink_->Start(next_, recovered);
}

Status MicroBatchLoop::Run() {
  if (spec_.conf.GetBool("spark.sluice.badRecords.replay")) {
    const Status replayed = RunReplay();
    return gave_up_ ? Status::OK() : replayed;
  }
  const auto stopped = [this] { return stop_.load(); };
  while (!stopped()) {
    trigger_start_ms_ = resources_.env->clock().NowMillis();
    durations_ms_.clear();
    const Result<bool> ran = RunTrigger();
    if (!ran.ok()) {
      if (gave_up_) return Status::OK();
      return ran.status();
    }
    if (spec_.trigger.kind == TriggerKind::kOnce) break;
    if (spec_.trigger.kind == TriggerKind::kAvailableNow) {
      if (!*ran) break;
      continue;
    }
    WaitForNextTrigger(*ran, trigger_start_ms_);
  }
  if (!planned_) gave_up_ = false;  // asked for too late: the batch was finished
  return Status::OK();
}

void MicroBatchLoop::GiveMemoryBack(bool ran) {
  const int64_t now = resources_.env->clock().MonotonicNanos();
  if (ran || !busy_until_) busy_until_ = now;
  if (ran) memory_given_back_ = false;
  if (memory_given_back_ || now - *busy_until_ < kIdleMemoryNanos) return;
  memory_given_back_ = true;
  ReleaseIdleMemory();
}

void MicroBatchLoop::WaitForNextTrigger(bool ran, int64_t trigger_start_ms) {
  Clock& clock = resources_.env->clock();
  GiveMemoryBack(ran);
  const auto stopped = [this] { return stop_.load(); };
  if (spec_.trigger.interval_ms > 0) {
    const int64_t now = clock.NowMillis();
    const int64_t due = NextTriggerTime(trigger_start_ms, spec_.trigger.interval_ms);
    if (now > due)
      Log(LogLevel::kWarn, "Query {}: the trigger of {} ms fell behind by {} ms", id_, spec_.trigger.interval_ms,
          now - due);
    // A time of day that was set back in between must not hold the trigger up.
    clock.WaitFor(std::clamp<int64_t>(due - now, 0, spec_.trigger.interval_ms), stopped);
    return;
  }
  if (ran) {
    idle_rounds_ = 0;
    return;
  }
  const int64_t delay = spec_.conf.GetDurationMs("spark.sql.streaming.pollingDelay") << std::min(idle_rounds_++, 8);
  const int64_t first = spec_.conf.GetDurationMs("spark.sql.streaming.pollingDelay");
  clock.WaitFor(std::max(first, std::min(delay, kLongestIdlePollMs)), stopped);
}

int64_t MicroBatchLoop::Timed(const char* phase, int64_t start_nanos) {
  const int64_t now = resources_.env->clock().MonotonicNanos();
  durations_ms_[phase] += (now - start_nanos) / 1'000'000;
  return now;
}

// Names the entry whose offset the source was given: it may be the one at fault.
Status MicroBatchLoop::WithEntry(const Status& status, BatchId batch) const {
  const LogFolder& log = checkpoint_->offsets().folder();
  return batch.value < 0 ? status : WithContext(status, "offsets in " + log.PathOf(batch.ToString()));
}

Result<bool> MicroBatchLoop::RunTrigger() {
  if (!planned_) {
    SLUICE_ASSIGN(const bool found, PlanNextBatch());
    if (!found) {
      monitor_->SetStatus("Waiting for data to arrive", false, false);
      monitor_->NoNewData();
      return false;
    }
  }
  monitor_->SetStatus("Processing new data", true, true);
  SLUICE_RETURN_IF_ERROR(ExecutePlanned());
  return true;
}

Result<bool> MicroBatchLoop::PlanNextBatch() {
  Clock& clock = resources_.env->clock();
  if (idle_rounds_ == 0) monitor_->SetStatus("Getting offsets from " + source_->description(), false, true);
  const int64_t at = clock.MonotonicNanos();
  std::string start;
  if (committed_end_) {
    start = *committed_end_;
  } else {
    SLUICE_ASSIGN(start, source_->InitialOffset());
  }
  const Result<std::optional<std::string>> latest = source_->LatestOffset(start);
  SLUICE_RETURN_IF_ERROR(WithEntry(latest.status(), next_.Previous()));
  const std::optional<std::string>& end = *latest;
  Timed("latestOffset", at);
  if (!end) return false;
  SLUICE_RETURN_IF_ERROR(WritePlanned(start, *end, std::nullopt));
  return true;
}

Status MicroBatchLoop::WritePlanned(const std::string& start, const std::string& end,
                                    std::optional<BatchId> replay_through) {
  const int64_t at = resources_.env->clock().MonotonicNanos();
  Planned planned;
  planned.batch = next_;
  planned.start = start;
  planned.entry.batch_timestamp_ms = resources_.env->clock().NowMillis();
  planned.entry.conf = NextEntryConf(spec_.conf, previous_conf_ ? &*previous_conf_ : nullptr, writer_nonce_);
  planned.entry.conf.Set(kSetupKey, setup_);
  RecordBadRecords(bad_records_ ? bad_records_->path() : "", replay_through, &planned.entry.conf);
  planned.entry.offsets = {end};
  SLUICE_RETURN_IF_ERROR(checkpoint_->offsets().Write(next_, planned.entry));
  Timed("walCommit", at);
  previous_conf_ = planned.entry.conf;
  planned_ = std::move(planned);
  return Status::OK();
}

Status MicroBatchLoop::ExecutePlanned() {
  const Planned planned = *planned_;
  const ScopedLogContext about({id_, run_id_, planned.batch.value});
  std::string start = planned.start;
  if (start.empty()) {
    SLUICE_ASSIGN(start, source_->InitialOffset());
  }
  BatchOutcome outcome;
  SLUICE_ASSIGN(const BatchStanding standing, sink_->Standing(planned.batch, planned.recovered));
  if (standing == BatchStanding::kNew) {
    SLUICE_ASSIGN(outcome, RunBatch(planned, start));
  } else {
    SLUICE_RETURN_IF_ERROR(CommitListedBadRecords(planned));
  }
  SLUICE_RETURN_IF_ERROR(MarkReplayed(planned));
  Planned finished = planned;
  finished.start = start;
  return FinishBatch(finished, outcome);
}

// Tasks, bad records, the sink's commit: in this order nothing is committed that is not whole.
Result<BatchOutcome> MicroBatchLoop::RunBatch(const Planned& planned, const std::string& start) {
  const Conf conf = WithRecordedSettings(spec_.conf, planned.entry.conf);
  int64_t at = resources_.env->clock().MonotonicNanos();
  SLUICE_ASSIGN(const std::shared_ptr<BadRecordFolder> folder, BadRecordsOf(planned));
  SLUICE_ASSIGN(const std::shared_ptr<StreamSource> source, SourceOf(planned, folder.get()));
  Result<std::vector<InputPartition>> planning = source->PlanTasks(start, planned.entry.offsets[0].value_or(""));
  SLUICE_RETURN_IF_ERROR(WithEntry(planning.status(), planned.batch));
  const std::vector<InputPartition> inputs = *std::move(planning);
  at = Timed("getBatch", at);
  EvalContext context;
  context.now_us = planned.entry.batch_timestamp_ms * 1000;
  context.time_zone = conf.time_zone();
  context.ansi = conf.ansi();
  context.cancelled = &runner_->stopped();
  if (resources_.budget != nullptr) BoundResults(resources_.budget->limit(), &context);
  // What was within the limits of its batches must not stop the batch that puts it through again.
  const BadRecordLimits limits = ReplayOf(planned.entry) ? BadRecordLimits() : BadRecordLimits::Of(spec_.conf);
  BadRecordBatch bad_records(folder.get(), limits, planned.batch, planned.recovered);
  at = Timed("queryPlanning", at);
  const BatchWork work{planned.batch, source.get(), sink_.get(), &context, folder ? &bad_records : nullptr};
  SLUICE_ASSIGN(BatchOutcome outcome, runner_->Run(work, inputs));
  at = Timed("addBatch", at);
  SLUICE_RETURN_IF_ERROR(RemoveEarlierAttempt(planned, folder.get()));
  if (folder) SLUICE_RETURN_IF_ERROR(bad_records.Publish(outcome.input_rows));
  SLUICE_RETURN_IF_ERROR(sink_->Commit(planned.batch, std::move(outcome.commits)));
  if (folder) SLUICE_RETURN_IF_ERROR(bad_records.Commit());
  Timed("commitBatch", at);
  outcome.bad_records = bad_records.records();
  if (outcome.bad_records > 0) {
    Log(LogLevel::kWarn, "Query {} batch {}: {} records could not be evaluated and were set aside in {}", id_,
        planned.batch.value, outcome.bad_records, folder->FolderOf(planned.batch));
  }
  return outcome;
}

Status MicroBatchLoop::FinishBatch(const Planned& planned, const BatchOutcome& outcome) {
  int64_t at = resources_.env->clock().MonotonicNanos();
  SLUICE_RETURN_IF_ERROR(checkpoint_->commits().Write(planned.batch, CommitEntry{}));
  Timed("commitOffsets", at);
  const std::string& end = planned.entry.offsets[0].value_or("");
  source_metrics_.clear();
  SLUICE_RETURN_IF_ERROR(source_->Committed(end, &source_metrics_, &latest_offset_));
  // A purge that fails loses nothing: the next one tries again.
  const Status purged = checkpoint_->Purge(planned.batch, spec_.conf.GetInt("spark.sql.streaming.minBatchesToRetain"));
  if (!purged.ok()) Log(LogLevel::kWarn, "Query {}: old log entries could not be deleted: {}", id_, purged.message());
  if (begun_otherwise_) {
    const Status removed =
        AttemptMarks(checkpoint_->offsets().folder(), checkpoint_->location().path).Remove(planned.batch);
    if (!removed.ok()) Log(LogLevel::kWarn, "Marks of batch {} stay: {}", planned.batch.value, removed.message());
    begun_otherwise_ = false;
  }
  committed_end_ = end;
  next_ = planned.batch.Next();
  planned_.reset();
  Report(planned, outcome);
  return Status::OK();
}

void MicroBatchLoop::Report(const Planned& planned, const BatchOutcome& outcome) {
  const int64_t duration = std::max<int64_t>(resources_.env->clock().NowMillis() - trigger_start_ms_, 0);
  durations_ms_["triggerExecution"] = duration;
  QueryProgress progress;
  progress.id = id_;
  progress.run_id = run_id_;
  progress.name = spec_.name;
  progress.timestamp_ms = trigger_start_ms_;
  progress.batch_id = planned.batch.value;
  progress.batch_duration_ms = duration;
  progress.duration_ms = durations_ms_;
  const auto rows = static_cast<double>(outcome.input_rows);
  const int64_t since = previous_trigger_start_ms_ < 0 ? 0 : trigger_start_ms_ - previous_trigger_start_ms_;
  progress.input_rows_per_second = since > 0 ? rows * 1000.0 / static_cast<double>(since) : 0;
  progress.processed_rows_per_second = rows * 1000.0 / static_cast<double>(std::max<int64_t>(duration, 1));
  SourceProgress source;
  source.description = source_->description();
  if (planned.batch.value > 0) source.start_offset = planned.start;  // Spark knows no start before the first
  source.end_offset = planned.entry.offsets[0].value_or("");
  source.latest_offset = latest_offset_.value_or("");
  source.input_rows = outcome.input_rows;
  source.metrics = source_metrics_;
  if (bad_records_ != nullptr) source.metrics["badRecords"] = std::to_string(outcome.bad_records);
  progress.sources.push_back(std::move(source));
  progress.sink_description = sink_->description();
  progress.output_rows = outcome.output_rows;
  progress.bad_records = outcome.bad_records;
  progress.replay = ReplayOf(planned.entry).has_value();
  previous_trigger_start_ms_ = trigger_start_ms_;
  Log(LogLevel::kInfo, "Query {} batch {}: {} rows in {} ms", id_, planned.batch.value, outcome.input_rows, duration);
  monitor_->AddProgress(std::move(progress));
}

void MicroBatchLoop::Close() {
  sink_.reset();
  source_.reset();
}

void MicroBatchLoop::RequestStop() {
  stop_ = true;
  resources_.env->clock().Wake();
}

void MicroBatchLoop::GiveUpBatch() {
  gave_up_ = true;
  RequestStop();
  if (runner_) runner_->Cancel();
}

}  // namespace sluice
