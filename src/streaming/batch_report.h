// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "streaming/batch_plan.h"
#include "streaming/progress.h"

namespace sluice {

class Clock;
class QueryMonitor;
class QueryStateStores;
class SourceSet;
struct BatchOutcome;
struct SourceNews;
struct StreamingShape;

// How long the phases of one trigger take, by Spark's names, in milliseconds. Used by the query's thread only.
class TriggerTimes {
 public:
  explicit TriggerTimes(Clock* clock) : clock_(clock) {}

  // A trigger begins: forgets the phases of the one before.
  void BeginTrigger();
  // A phase begins.
  void Begin();
  // Adds the time since the last Begin or End to `phase`.
  void End(const char* phase);
  int64_t began_ms() const { return began_ms_; }  // time of day
  int64_t since_previous_ms() const { return previous_began_ms_ < 0 ? 0 : began_ms_ - previous_began_ms_; }
  const std::map<std::string, int64_t>& phases() const { return phases_ms_; }
  // After a batch: the next one's rate is counted from this trigger.
  void BatchReported() { previous_began_ms_ = began_ms_; }

 private:
  Clock* const clock_;
  std::map<std::string, int64_t> phases_ms_;
  int64_t began_ms_ = 0;
  int64_t previous_began_ms_ = -1;
  int64_t mark_ns_ = 0;
};

// What a finished batch is reported with.
struct BatchFacts {
  const BatchPlan* plan = nullptr;
  const BatchOutcome* outcome = nullptr;
  const SourceSet* sources = nullptr;
  std::vector<SourceNews> news;  // by source
  std::string sink_description;
  bool keeps_bad_records = false;
  const StreamingShape* shape = nullptr;    // null: neither watermarks nor state
  const QueryStateStores* state = nullptr;  // with `shape`
};

// One batch as Spark's StreamingQueryProgress shows it; id, run id and name are the caller's to set.
QueryProgress ProgressOf(const BatchFacts& facts, const TriggerTimes& times, int64_t now_ms);

// Tells the outside what a query does. Used by the query's thread only; `monitor` and `clock` outlive it.
class BatchReport {
 public:
  BatchReport(std::string name, std::string run_id, QueryMonitor* monitor, Clock* clock)
      : name_(std::move(name)), run_id_(std::move(run_id)), monitor_(monitor), clock_(clock), times_(clock) {}

  const std::string& run_id() const { return run_id_; }
  TriggerTimes& times() { return times_; }

  void Searching(const std::string& sources);
  void FoundNothing();
  void Processing();
  // After commits/N.
  void Finished(const std::string& query_id, const BatchFacts& facts);

 private:
  const std::string name_;
  const std::string run_id_;
  QueryMonitor* const monitor_;
  Clock* const clock_;
  TriggerTimes times_;
};

}  // namespace sluice
