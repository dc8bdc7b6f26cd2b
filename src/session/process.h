// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/memory_budget.h"
#include "base/thread_pool.h"
#include "conf/conf.h"
#include "env/env.h"

namespace sluice {

// What all sessions of a process share: the outside world, one memory budget, one pool of task threads.
class Process {
 public:
  // Reads spark.sluice.memory and spark.sluice.threads.
  Process(std::shared_ptr<Env> env, const Conf& conf);
  const std::shared_ptr<Env>& env() const { return env_; }
  MemoryBudget& budget() { return budget_; }
  ThreadPool& tasks() { return tasks_; }

 private:
  const std::shared_ptr<Env> env_;
  MemoryBudget budget_;
  ThreadPool tasks_;
};

}  // namespace sluice
