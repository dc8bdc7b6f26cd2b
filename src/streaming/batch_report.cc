// SPDX-License-Identifier: Apache-2.0
#include "streaming/batch_report.h"

#include <algorithm>

#include "base/logging.h"
#include "env/clock.h"
#include "streaming/bad_records/entry_conf.h"
#include "streaming/batch_runner.h"
#include "streaming/metrics_json.h"
#include "streaming/query_monitor.h"
#include "streaming/query_state_stores.h"
#include "streaming/source_set.h"

namespace sluice {

void TriggerTimes::BeginTrigger() {
  began_ms_ = clock_->NowMillis();
  phases_ms_.clear();
  Begin();
}

void TriggerTimes::Begin() {
  mark_ns_ = clock_->MonotonicNanos();
}

void TriggerTimes::End(const char* phase) {
  const int64_t now = clock_->MonotonicNanos();
  phases_ms_[phase] += (now - mark_ns_) / 1'000'000;
  mark_ns_ = now;
}

namespace {

void AddEventTime(const BatchFacts& facts, QueryProgress* progress) {
  EventTimeProgress times;
  times.watermark_ms = facts.plan->entry.batch_watermark_ms;
  for (const EventTimes& seen : facts.outcome->event_times) {
    if (seen.count == 0 || times.any) continue;
    times.any = true;
    times.max_ms = seen.max_ms;
    times.min_ms = seen.min_ms;
    times.average_ms = static_cast<int64_t>(seen.average_ms);
  }
  progress->event_time = times;
}

void AddState(const BatchFacts& facts, QueryProgress* progress) {
  if (!facts.shape->delays_ms.empty()) AddEventTime(facts, progress);
  for (const size_t step : facts.state->by_id()) {
    const OperatorStores& stores = facts.state->stores(step);
    StateProgress state;
    state.name = stores.spec().name;
    state.rows_total = stores.rows();
    state.memory_bytes = stores.bytes();
    state.partitions = stores.spec().partitions;
    state.instances = state.partitions * static_cast<int64_t>(stores.spec().stores.size());
    if (step < facts.outcome->state.size()) {
      const StateCounts& counts = facts.outcome->state[step];
      state.rows_updated = counts.updated;
      state.rows_removed = counts.removed;
      state.updates_ms = counts.updates_ns / 1'000'000;
      state.removals_ms = counts.removals_ns / 1'000'000;
      state.commit_ms = counts.commit_ns / 1'000'000;
      state.rows_dropped = counts.dropped_late;
      if (state.name.starts_with("dedupe")) state.duplicates_dropped = counts.dropped_duplicates;
    }
    progress->state_operators.push_back(std::move(state));
  }
}

}  // namespace

QueryProgress ProgressOf(const BatchFacts& facts, const TriggerTimes& times, int64_t now_ms) {
  const BatchPlan& plan = *facts.plan;
  const BatchOutcome& outcome = *facts.outcome;
  const int64_t duration = std::max<int64_t>(now_ms - times.began_ms(), 0);
  QueryProgress progress;
  progress.timestamp_ms = times.began_ms();
  progress.batch_id = plan.batch.value;
  progress.batch_duration_ms = duration;
  progress.duration_ms = times.phases();
  progress.duration_ms["triggerExecution"] = duration;
  const auto rows = static_cast<double>(outcome.input_rows());
  const int64_t since = times.since_previous_ms();
  progress.input_rows_per_second = since > 0 ? rows * 1000.0 / static_cast<double>(since) : 0;
  progress.processed_rows_per_second = rows * 1000.0 / static_cast<double>(std::max<int64_t>(duration, 1));
  for (size_t i = 0; i < facts.sources->size(); ++i) {
    SourceProgress source;
    source.description = facts.sources->at(i).description();
    if (plan.batch.value > 0) source.start_offset = plan.starts[i].value_or("");  // Spark knows none before the first
    source.end_offset = plan.entry.offsets[i].value_or("");
    source.latest_offset = facts.news[i].latest.value_or("");
    source.input_rows = i < outcome.source_rows.size() ? outcome.source_rows[i] : 0;
    source.metrics = facts.news[i].metrics;
    if (i == 0 && facts.keeps_bad_records) source.metrics["badRecords"] = std::to_string(outcome.bad_records);
    progress.sources.push_back(std::move(source));
  }
  if (facts.shape != nullptr) AddState(facts, &progress);
  progress.sink_description = facts.sink_description;
  progress.output_rows = outcome.output_rows;
  progress.bad_records = outcome.bad_records;
  for (const ObservedMetrics& metrics : outcome.metrics) {
    progress.observed_metrics[metrics.name] = MetricsToJson(*metrics.row);
  }
  progress.replay = ReplayOf(plan.entry).has_value();
  return progress;
}

void BatchReport::Searching(const std::string& sources) {
  monitor_->SetStatus("Getting offsets from " + sources, false, true);
}

void BatchReport::FoundNothing() {
  monitor_->SetStatus("Waiting for data to arrive", false, false);
  monitor_->NoNewData();
}

void BatchReport::Processing() {
  monitor_->SetStatus("Processing new data", true, true);
}

void BatchReport::Finished(const std::string& query_id, const BatchFacts& facts) {
  QueryProgress progress = ProgressOf(facts, times_, clock_->NowMillis());
  progress.id = query_id;
  progress.run_id = run_id_;
  progress.name = name_;
  times_.BatchReported();
  Log(LogLevel::kInfo, "Query {} batch {}: {} rows in {} ms", query_id, progress.batch_id, progress.input_rows(),
      progress.batch_duration_ms);
  monitor_->SetStatus("Waiting for next trigger", true, false);
  monitor_->AddProgress(std::move(progress));
}

}  // namespace sluice
