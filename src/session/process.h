// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/memory_budget.h"
#include "base/thread_pool.h"
#include "conf/conf.h"
#include "env/env.h"
#include "streaming/metrics_server.h"
#include "streaming/running_query.h"

namespace sluice {

// What all sessions of a process share: the outside world, one memory budget, one pool of task threads.
class Process {
 public:
  // Reads spark.sluice.memory and spark.sluice.threads.
  Process(std::shared_ptr<Env> env, const Conf& conf);
  const std::shared_ptr<Env>& env() const { return env_; }
  MemoryBudget& budget() { return budget_; }
  ThreadPool& tasks() { return tasks_; }
  // Starts the metrics server if spark.sluice.metrics.port is set and there is none yet; it serves all the queries that
  // are watched. Thread-safe.
  Status ServeMetrics(const Conf& conf);
  void Watch(const std::shared_ptr<RunningQuery>& query);

 private:
  std::vector<QuerySnapshot> Snapshots();

  const std::shared_ptr<Env> env_;
  MemoryBudget budget_;
  ThreadPool tasks_;
  std::mutex mutex_;  // of what follows
  std::vector<std::weak_ptr<RunningQuery>> watched_;
  std::unique_ptr<MetricsServer> metrics_;
};

}  // namespace sluice
