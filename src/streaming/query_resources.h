// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "env/env.h"

namespace sluice {

class MemoryBudget;
class ThreadPool;

// What the queries of one process share. Not owned.
struct QueryResources {
  std::shared_ptr<Env> env;
  MemoryBudget* budget = nullptr;
  ThreadPool* tasks = nullptr;
  // Whoever started the query waits for it and tells its failure, so the log need not say it as an error too.
  bool failures_are_told = false;
};

}  // namespace sluice
