// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "base/memory_budget.h"
#include "base/thread_pool.h"
#include "conf/conf.h"
#include "env/env.h"
#include "streaming/metrics_server.h"
#include "streaming/query_directory.h"

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
  // Whoever owns this process tells the failures of its queries itself. Call before the first session is made.
  void TellFailures() { failures_are_told_ = true; }
  bool failures_are_told() const { return failures_are_told_; }
  // Where this process serves its own sessions, "sc://127.0.0.1:port/;..": for workers that use them. Null: nowhere.
  using LocalDoor = std::function<Result<std::string>()>;
  void SetLocalDoor(LocalDoor door) { local_door_ = std::move(door); }
  Result<std::string> local_url() const;
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
  std::mutex mutex_;      // of metrics_
  std::unique_ptr<MetricsServer> metrics_;
};

}  // namespace sluice
