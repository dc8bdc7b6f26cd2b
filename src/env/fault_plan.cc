// SPDX-License-Identifier: Apache-2.0
#include "env/fault_plan.h"

#include <fmt/format.h>

#include "base/spark_error.h"

namespace sluice {

void FaultPlan::FailAt(int64_t first, FaultWay way, int64_t count, std::function<void()> crash) {
  std::lock_guard lock(mutex_);
  first_ = first;
  count_ = count;
  way_ = way;
  crash_ = std::move(crash);
  fired_ = dead_ = false;
  log_.clear();
}

void FaultPlan::Revive() {
  FailAt(0, FaultWay::kError, 0);
}

std::vector<std::string> FaultPlan::log() const {
  std::lock_guard lock(mutex_);
  return log_;
}

bool FaultPlan::fired() const {
  std::lock_guard lock(mutex_);
  return fired_;
}

FaultPlan::Turn FaultPlan::Enter(const char* name, const std::string& what, FaultWay* way) {
  std::lock_guard lock(mutex_);
  if (dead_) return Turn::kDead;
  log_.push_back(fmt::format("{} {}", name, what));
  const auto number = static_cast<int64_t>(log_.size());
  if (number < first_ || number >= first_ + count_) return Turn::kPasses;
  fired_ = true;
  *way = way_;
  return Turn::kFaulty;
}

void FaultPlan::Die() {
  std::function<void()> crash;
  {
    std::lock_guard lock(mutex_);
    dead_ = true;
    crash.swap(crash_);
  }
  if (crash) crash();
}

Status FaultPlan::Error(const char* name, const std::string& what, bool dead) {
  return EnvironmentError(dead ? "SLUICE_SIMULATED_CRASH" : "SLUICE_SIMULATED_FAULT",
                          fmt::format("{} {} was made to fail", name, what), /*retryable=*/!dead);
}

}  // namespace sluice
