// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "base/memory_budget.h"
#include "base/thread_pool.h"
#include "catalog/temp_views.h"
#include "conf/conf.h"
#include "env/env.h"
#include "session/signal_stop.h"
#include "streaming/metrics_server.h"
#include "streaming/progress_printer.h"
#include "streaming/query_directory.h"
#include "streaming/query_listener.h"

namespace sluice {

// What all sessions of a process share: the outside world, one memory budget, one pool of task threads, the directory
// of queries. Any thread.
class Process {
 public:
  // Reads spark.sluice.memory and spark.sluice.threads.
  Process(std::shared_ptr<Env> env, const Conf& conf);
  const std::shared_ptr<Env>& env() const { return env_; }
  MemoryBudget& budget() { return budget_; }
  ThreadPool& tasks() { return tasks_; }
  QueryDirectory& queries() { return queries_; }
  // Of global_temp, for all sessions.
  TempViews& global_views() { return global_views_; }
  // Whoever owns this process tells the failures of its queries itself. Call before the first session is made.
  void TellFailures() { failures_are_told_ = true; }
  bool failures_are_told() const { return failures_are_told_; }
  // Where this process serves its own sessions, "sc://127.0.0.1:port/;..": for workers that use them. Null: nowhere.
  using LocalDoor = std::function<Result<std::string>()>;
  void SetLocalDoor(LocalDoor door) { local_door_ = std::move(door); }
  Result<std::string> local_url() const;
  // What spark.sluice.progress asks for: the same printer for all queries that ask for the same.
  Result<QueryListener> ProgressOf(const Conf& conf);
  // From now on, if spark.sluice.stopOnSignal says so and nobody else in the process catches the signals.
  void StopOnSignals(const Conf& conf);
  // Starts the metrics server if spark.sluice.metrics.port is set and there is none yet. It shows all queries of the
  // process.
  Status ServeMetrics(const Conf& conf);

 private:
  const std::shared_ptr<Env> env_;
  MemoryBudget budget_;
  ThreadPool tasks_;
  bool failures_are_told_ = false;
  QueryDirectory queries_;
  LocalDoor local_door_;  // set before the first session is made
  std::mutex mutex_;      // of what follows
  std::map<ProgressStyle, std::shared_ptr<ProgressPrinter>> printers_;
  std::unique_ptr<MetricsServer> metrics_;
  std::unique_ptr<SignalStop> signal_stop_;
  TempViews global_views_;  // last, so that they go before what their plans may hold
};

}  // namespace sluice
