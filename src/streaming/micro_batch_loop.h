// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "streaming/batch_executor.h"
#include "streaming/batch_planner.h"
#include "streaming/batch_report.h"
#include "streaming/query_log.h"
#include "streaming/query_resources.h"
#include "streaming/query_spec.h"
#include "streaming/query_state.h"
#include "streaming/trigger_pace.h"

namespace sluice {

class QueryMonitor;

// The micro-batch protocol of Spark, in its order:
//   1. read or create the checkpoint's `metadata`; find the batch to run (Checkpoint::Recover)
//   2. ask the sources for the end of the next batch; write offsets/N, if absent
//   3. run the tasks and let the sink commit, unless the sink has the batch already
//   4. write commits/N, tell the sources, purge old entries
// A batch planned before a restart runs with exactly its recorded ranges and settings. A batch is a value (BatchPlan),
// and so is what stands between two of them (QueryState). Run() is called once, by the query's thread; RequestStop,
// GiveUpBatch and gave_up by any thread.
class MicroBatchLoop {
 public:
  MicroBatchLoop(QuerySpec spec, std::string run_id, QueryResources resources, QueryMonitor* monitor);
  ~MicroBatchLoop();

  // Opens everything; afterwards id() is set. Errors here refuse the start.
  Status Open();
  // Runs batches until the trigger has no more, a stop is asked for, or something fails.
  Status Run();
  // By the thread that called Run, after it (BatchExecutor::Close).
  void Close();

  // The batch that runs is finished first.
  void RequestStop();
  // The batch that runs is given up: Run() returns OK soon, and gave_up() is true. A restart runs the batch again.
  void GiveUpBatch();
  bool gave_up() const { return stop_ == Stop::kBatchGivenUp; }

  const std::string& id() const { return id_; }

 private:
  enum class Stop { kNo, kAfterBatch, kBatchGivenUp };

  Status RunTriggers();
  Status RunReplay();
  Result<bool> RunTrigger();
  Result<std::optional<BatchPlan>> PlanNext();
  Status RunBatch(BatchPlan plan);

  const QuerySpec spec_;
  const QueryResources resources_;
  TriggerPace pace_;
  BatchReport report_;
  std::string id_;
  std::unique_ptr<QueryLog> log_;
  std::unique_ptr<BatchExecutor> executor_;
  std::unique_ptr<BatchPlanner> planner_;
  RecoveredQuery at_;  // where the query stands; `plan`: the batch that was planned before the restart, until it runs
  std::atomic<Stop> stop_{Stop::kNo};
};

}  // namespace sluice
