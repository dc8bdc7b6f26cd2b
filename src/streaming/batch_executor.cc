// SPDX-License-Identifier: Apache-2.0
#include "streaming/batch_executor.h"

#include <fmt/format.h>

#include "base/logging.h"
#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "checkpoint/offset_conf.h"
#include "connectors/registry.h"
#include "expr/result_pool.h"
#include "expr/session_context.h"
#include "plan/determinism.h"
#include "streaming/bad_records/entry_conf.h"
#include "streaming/batch_report.h"
#include "streaming/query_log.h"
#include "streaming/static_sides.h"

namespace sluice {

BatchExecutor::BatchExecutor(const QuerySpec& spec, const QueryResources& resources, StreamingShape shape,
                             const QueryLog& log, TriggerTimes* times)
    : spec_(spec), resources_(resources), log_(log), times_(times), runner_(std::move(shape), resources.tasks) {}

BatchExecutor::~BatchExecutor() = default;

Result<std::unique_ptr<BatchExecutor>> BatchExecutor::Open(const QuerySpec& spec, const QueryResources& resources,
                                                           StreamingShape shape, const QueryLog& log,
                                                           const RecoveredQuery& found, TriggerTimes* times) {
  std::unique_ptr<BatchExecutor> executor(new BatchExecutor(spec, resources, std::move(shape), log, times));
  const Conf conf = found.state.recorded ? WithRecordedSettings(spec.conf, *found.state.recorded) : spec.conf;
  SLUICE_ASSIGN(executor->bad_records_, BadRecords::Open(spec.conf, log.query_id(), resources.env.get()));
  SLUICE_RETURN_IF_ERROR(executor->OpenSources(conf, found));
  SLUICE_RETURN_IF_ERROR(executor->OpenState(conf, found));
  SLUICE_RETURN_IF_ERROR(executor->OpenSink(conf, found));
  SLUICE_RETURN_IF_ERROR(executor->bad_records_->Settle(found.state.next, executor->sink_.get()));
  return executor;
}

Status BatchExecutor::OpenSources(const Conf& conf, const RecoveredQuery& found) {
  SourceContext context;
  context.env = resources_.env;
  context.conf = conf;
  context.query_id = log_.query_id();
  context.budget = resources_.budget;
  context.keep_records = bad_records_->kept();
  context.available_now = spec_.trigger.kind != TriggerKind::kProcessingTime;
  context.ignore_rate_limits = spec_.trigger.kind == TriggerKind::kOnce;
  const auto folder = [this](int ordinal) { return log_.checkpoint().SourceFolder(ordinal); };
  SLUICE_ASSIGN(sources_, SourceSet::Open(runner_.shape(), context, folder, found.plan ? &*found.plan : nullptr));
  return Status::OK();
}

Status BatchExecutor::OpenSink(const Conf& conf, const RecoveredQuery& found) {
  const Connector* connector = nullptr;
  if (spec_.open_sink == nullptr) {
    SLUICE_ASSIGN(connector, FindConnector(spec_.sink_format));
    if (connector->open_sink == nullptr) {
      return NotSupported(fmt::format("The format {} cannot be written as a stream.", spec_.sink_format));
    }
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
  context.query_id = log_.query_id();
  context.session = spec_.session;
  context.schema = spec_.plan->schema;
  context.deterministic = IsDeterministic(*spec_.plan);
  context.recovered_otherwise = found.plan && found.plan->attempt == Attempt::kAgainOtherwise;
  context.budget = resources_.budget;
  if (connector == nullptr) {
    SLUICE_ASSIGN(sink_, spec_.open_sink(context, &runner_.stopped()));
  } else {
    SLUICE_ASSIGN(sink_, connector->open_sink(context));
  }
  return sink_->Start(found.state.next, found.plan.has_value());
}

// Without a checkpoint of the user's nothing is ever read back.
Status BatchExecutor::OpenState(const Conf& conf, const RecoveredQuery& found) {
  std::optional<Location> folder;
  if (!spec_.checkpoint.empty()) folder = log_.checkpoint().location();
  SLUICE_ASSIGN(state_, QueryStateStores::Make(runner_.shape(), conf, std::move(folder), resources_.budget));
  return state_->Prepare(found.state.next.value);
}

bool BatchExecutor::may_be_empty() const {
  return spec_.trigger.kind != TriggerKind::kOnce && state_->EvictsUnder(ModeOf(spec_)) &&
         spec_.conf.GetBool("spark.sql.streaming.noDataMicroBatches.enabled");
}

Result<BatchOutcome> BatchExecutor::Run(BatchPlan* plan) {
  SLUICE_ASSIGN(plan->starts, sources_->FillIn(std::move(plan->starts)));
  SLUICE_ASSIGN(const BatchStanding standing, sink_->Standing(plan->batch, plan->recovered()));
  BatchOutcome outcome;
  if (standing == BatchStanding::kNew) {
    SLUICE_ASSIGN(outcome, RunNew(*plan));
  } else {
    SLUICE_RETURN_IF_ERROR(bad_records_->CommitListed(*plan));
    // What it leaves behind, state and watermark, is made once more; its rows are there.
    if (runner_.shape().carries_over()) {
      times_->Begin();
      SLUICE_ASSIGN(outcome, RunTasks(*plan, nullptr, {}));
      times_->End("addBatch");
    }
  }
  SLUICE_RETURN_IF_ERROR(bad_records_->MarkReplayed(*plan));
  return outcome;
}

void BatchExecutor::Upkeep() {
  state_->Upkeep(spec_.conf, resources_.env->clock().NowMillis(), resources_.tasks);
}

void BatchExecutor::Close() {
  sink_.reset();
  sources_.reset();
  state_.reset();
}

// Fills in who reads.
Result<std::vector<SourceInput>> BatchExecutor::PlanInputs(const BatchPlan& plan, const BadRecordWork& bad_records,
                                                           BatchWork* work) const {
  std::vector<SourceInput> inputs;
  if (bad_records.replay) {
    work->sources.assign(sources_->size(), bad_records.replay.get());
    SLUICE_ASSIGN(std::vector<InputPartition> files, bad_records.replay->PlanTasks("", ""));
    for (InputPartition& file : files) inputs.push_back({0, std::move(file)});
    return inputs;
  }
  for (size_t i = 0; i < sources_->size(); ++i) work->sources.push_back(&sources_->at(i));
  Result<std::vector<SourceInput>> planned = sources_->PlanTasks(plan.starts, plan.entry.offsets);
  SLUICE_RETURN_IF_ERROR(log_.WithEntry(planned.status(), plan.batch));
  return planned;
}

Result<BatchOutcome> BatchExecutor::RunTasks(const BatchPlan& plan, StreamSink* sink,
                                             const BadRecordWork& bad_records) {
  const Conf conf = WithRecordedSettings(spec_.conf, plan.entry.conf);
  BatchWork work{plan.batch, {}, sink, nullptr, nullptr, bad_records.batch.get()};
  SLUICE_ASSIGN(const std::vector<SourceInput> inputs, PlanInputs(plan, bad_records, &work));
  times_->End("getBatch");
  EvalContext context = ContextOf(SessionOptions::Of(conf), plan.entry.batch_timestamp_ms * 1000);
  context.cancelled = &runner_.stopped();
  if (resources_.budget != nullptr) BoundResults(resources_.budget->limit(), &context);
  work.context = &context;
  SLUICE_ASSIGN(const JoinTables tables, ReadStaticSides(runner_.shape(), conf, resources_, context));
  work.tables = &tables;
  work.stores = state_.get();
  work.state = {plan.batch.value, {}, {}, ModeOf(spec_), &context, resources_.budget};
  if (!runner_.shape().delays_ms.empty()) {
    work.state.late_us = plan.late_ms * 1000;
    work.state.evict_us = plan.entry.batch_watermark_ms * 1000;
  }
  times_->End("queryPlanning");
  return runner_.Run(work, inputs);
}

// Tasks, bad records, the sink's commit: in this order nothing is committed that is not whole.
Result<BatchOutcome> BatchExecutor::RunNew(const BatchPlan& plan) {
  times_->Begin();
  SLUICE_ASSIGN(const BadRecordWork bad_records, bad_records_->Begin(plan));
  SLUICE_ASSIGN(BatchOutcome outcome, RunTasks(plan, sink_.get(), bad_records));
  times_->End("addBatch");
  SLUICE_RETURN_IF_ERROR(bad_records_->Publish(plan, bad_records, outcome.input_rows()));
  SLUICE_RETURN_IF_ERROR(sink_->Commit(plan.batch, std::move(outcome.commits)));
  SLUICE_RETURN_IF_ERROR(bad_records_->Commit(bad_records));
  times_->End("commitBatch");
  if (bad_records.batch) outcome.bad_records = bad_records.batch->records();
  if (outcome.bad_records > 0) {
    Log(LogLevel::kWarn, "Query {} batch {}: {} records could not be evaluated and were set aside in {}",
        log_.query_id(), plan.batch.value, outcome.bad_records, bad_records.folder->FolderOf(plan.batch));
  }
  return outcome;
}

}  // namespace sluice
