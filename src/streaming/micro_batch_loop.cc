// SPDX-License-Identifier: Apache-2.0
#include "streaming/micro_batch_loop.h"

#include <utility>

#include "base/idle_memory.h"
#include "base/log_context.h"
#include "base/logging.h"
#include "base/spark_error.h"
#include "exec/observe.h"
#include "streaming/bad_records/entry_conf.h"
#include "streaming/query_setup.h"

namespace sluice {

MicroBatchLoop::MicroBatchLoop(QuerySpec spec, std::string run_id, QueryResources resources, QueryMonitor* monitor)
    : spec_(std::move(spec)),
      resources_(std::move(resources)),
      pace_(spec_.trigger, spec_.conf.GetDurationMs("spark.sql.streaming.pollingDelay"), &resources_.env->clock()),
      report_(spec_.name, std::move(run_id), monitor, &resources_.env->clock()) {}

MicroBatchLoop::~MicroBatchLoop() = default;

Status MicroBatchLoop::Open() {
  Measurements measurements;  // they stand in the plan
  const PlanPtr plan = WithMeasurements(RowsToWrite(spec_), resources_.budget, &measurements);
  SLUICE_ASSIGN(StreamingShape shape, ShapeOf(plan, ModeOf(spec_)));
  SLUICE_RETURN_IF_ERROR(CheckWork(spec_, shape));
  SLUICE_ASSIGN(log_, QueryLog::Open(spec_, SetupOf(spec_), resources_.env.get()));
  id_ = log_->query_id();
  SLUICE_ASSIGN(at_, log_->Recover(shape.scans.size(), spec_.conf.Get(kBadRecordsPath)));
  SLUICE_ASSIGN(executor_, BatchExecutor::Open(spec_, resources_, std::move(shape), *log_, at_, &report_.times()));
  const BadRecords& bad_records = executor_->bad_records();
  planner_ = std::make_unique<BatchPlanner>(spec_.conf, *log_, executor_->sources(), bad_records,
                                            EntryStamp{resources_.env->NewUuid(), log_->setup(), bad_records.path()},
                                            &resources_.env->clock(), &report_.times());
  return Status::OK();
}

Status MicroBatchLoop::Run() {
  const Status ended = spec_.work == QueryWork::kReplayBadRecords ? RunReplay() : RunTriggers();
  if (gave_up() && !ended.ok()) return Status::OK();
  // Asked for too late, when no batch was running.
  if (ended.ok() && gave_up() && !at_.plan) stop_ = Stop::kAfterBatch;
  return ended;
}

Status MicroBatchLoop::RunTriggers() {
  const auto stopped = [this] { return stop_ != Stop::kNo; };
  // The code and the memory that the start alone needed are not kept beside the batches' own.
  ReleaseIdleMemory();
  while (!stopped()) {
    report_.times().BeginTrigger();
    SLUICE_ASSIGN(const bool ran, RunTrigger());
    if (spec_.trigger.kind == TriggerKind::kOnce) break;
    if (spec_.trigger.kind == TriggerKind::kAvailableNow) {
      if (!ran) break;
      continue;
    }
    pace_.Wait(ran, report_.times().began_ms(), id_, stopped);
  }
  return Status::OK();
}

// Runs a recovered batch first. If that one was itself a replay, it finishes an earlier call's work and nothing more is
// run.
Status MicroBatchLoop::RunReplay() {
  if (at_.plan) {
    const bool replay = ReplayOf(at_.plan->entry).has_value();
    report_.times().BeginTrigger();
    SLUICE_RETURN_IF_ERROR(RunTrigger().status());
    if (replay || stop_ != Stop::kNo) return Status::OK();
  }
  report_.times().BeginTrigger();
  SLUICE_ASSIGN(std::optional<BatchPlan> plan, planner_->NextReplay(at_.state));
  if (!plan) return Status::OK();
  SLUICE_RETURN_IF_ERROR(log_->Plan(*plan));
  return RunBatch(*std::move(plan));
}

Result<std::optional<BatchPlan>> MicroBatchLoop::PlanNext() {
  if (at_.plan) return std::exchange(at_.plan, std::nullopt);
  if (!pace_.idle()) report_.Searching(executor_->sources().description());
  SLUICE_ASSIGN(std::optional<BatchPlan> plan, planner_->Next(at_.state, executor_->may_be_empty()));
  if (!plan || gave_up()) return std::optional<BatchPlan>();
  report_.times().Begin();
  SLUICE_RETURN_IF_ERROR(log_->Plan(*plan));
  report_.times().End("walCommit");
  return plan;
}

// False: there was nothing to run.
Result<bool> MicroBatchLoop::RunTrigger() {
  SLUICE_ASSIGN(std::optional<BatchPlan> plan, PlanNext());
  if (!plan) {
    report_.FoundNothing();
    return false;
  }
  SLUICE_RETURN_IF_ERROR(RunBatch(*std::move(plan)));
  return true;
}

namespace {

WatermarkPolicy PolicyOf(const BatchPlan& plan) {
  const auto policy = plan.entry.conf.Find("spark.sql.streaming.multipleWatermarkPolicy");
  return policy == "max" ? WatermarkPolicy::kMax : WatermarkPolicy::kMin;
}

}  // namespace

Status MicroBatchLoop::RunBatch(BatchPlan plan) {
  report_.Processing();
  const ScopedLogContext about({id_, report_.run_id(), plan.batch.value});
  SLUICE_ASSIGN(const BatchOutcome outcome, executor_->Run(&plan));
  Watermark next = at_.state.watermark.After(outcome.event_times, executor_->shape().delays_ms, PolicyOf(plan));
  report_.times().Begin();
  SLUICE_RETURN_IF_ERROR(log_->Commit(plan, next.now_ms));
  report_.times().End("commitOffsets");
  SLUICE_ASSIGN(std::vector<SourceNews> news, executor_->Committed(plan));
  log_->Tidy(plan, spec_.conf.GetInt("spark.sql.streaming.minBatchesToRetain"));
  at_.state = at_.state.After(plan, std::move(next));
  report_.Finished(id_, {&plan, &outcome, &executor_->sources(), std::move(news), executor_->sink_description(),
                         executor_->bad_records().kept(), &executor_->shape(), &executor_->state()});
  executor_->Upkeep();
  return Status::OK();
}

void MicroBatchLoop::Close() {
  executor_->Close();
}

void MicroBatchLoop::RequestStop() {
  Stop none = Stop::kNo;
  stop_.compare_exchange_strong(none, Stop::kAfterBatch);
  resources_.env->clock().Wake();
}

void MicroBatchLoop::GiveUpBatch() {
  stop_ = Stop::kBatchGivenUp;
  resources_.env->clock().Wake();
  if (executor_) executor_->Cancel();
}

}  // namespace sluice
