// SPDX-License-Identifier: Apache-2.0
#include "session/process.h"

namespace sluice {
namespace {

int ThreadsOf(const Conf& conf) {
  const int64_t wanted = conf.GetInt("spark.sluice.threads");
  return wanted > 0 ? static_cast<int>(wanted) : AvailableProcessors();
}

}  // namespace

Process::Process(std::shared_ptr<Env> env, const Conf& conf)
    : env_(std::move(env)), budget_(conf.GetBytes("spark.sluice.memory")), tasks_(ThreadsOf(conf)) {}

}  // namespace sluice
