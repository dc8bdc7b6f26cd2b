// SPDX-License-Identifier: Apache-2.0
#include "session/process.h"

#include <algorithm>

namespace sluice {
namespace {

// Each task that writes holds a row group's bytes: half of the budget is left to what reads.
int ThreadsOf(const Conf& conf) {
  const int64_t wanted = conf.GetInt("spark.sluice.threads");
  const int64_t writers = conf.GetBytes("spark.sluice.memory") / 2 /
                          std::max<int64_t>(conf.GetBytes("spark.sluice.parquet.rowGroupBytes"), 1);
  const int64_t threads = wanted > 0 ? wanted : AvailableProcessors();
  return static_cast<int>(std::clamp<int64_t>(threads, 1, std::max<int64_t>(writers, 1)));
}

}  // namespace

Process::Process(std::shared_ptr<Env> env, const Conf& conf)
    : env_(std::move(env)), budget_(conf.GetBytes("spark.sluice.memory")), tasks_(ThreadsOf(conf)) {}

}  // namespace sluice
