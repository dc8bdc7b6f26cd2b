// SPDX-License-Identifier: Apache-2.0
#include "base/memory_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/spark_error.h"

namespace sluice {

Status MemoryBudget::Take(int64_t bytes) {
  if (bytes > limit_) {
    return EnvironmentError(
        "SLUICE_MEMORY_BUDGET",
        fmt::format("{} bytes are needed at once, more than the whole memory budget of {} bytes. Raise "
                    "spark.sluice.memory (or --memory).",
                    bytes, limit_));
  }
  using Time = std::chrono::steady_clock::time_point;
  std::optional<Time> stuck_since;  // tasks alone cannot free enough
  std::unique_lock lock(mutex_);
  while (used_ + bytes > limit_) {
    const bool stuck = held_ + standing_ + bytes > limit_;
    if (!stuck) {
      stuck_since.reset();
      freed_.wait(lock);
      continue;
    }
    if (!stuck_since) stuck_since = std::chrono::steady_clock::now();
    if (freed_.wait_until(lock, *stuck_since + patience_) == std::cv_status::no_timeout) continue;
    if (held_ + standing_ + bytes <= limit_) continue;
    return EnvironmentError(
        "SLUICE_MEMORY_BUDGET",
        fmt::format("{} bytes are needed to write, but {} of the memory budget of {} bytes are held by rows that must "
                    "stay (state, sorts, joins) and sources. Raise spark.sluice.memory (or --memory), or run fewer "
                    "queries at once.",
                    bytes, held_ + standing_, limit_));
  }
  AddUsed(bytes);
  return Status::OK();
}

bool MemoryBudget::TryHold(int64_t bytes) {
  std::lock_guard lock(mutex_);
  if (used_ + bytes > limit_ || held_ + bytes > limit_ - limit_ / 4) return false;
  held_ += bytes;
  AddUsed(bytes);
  return true;
}

void MemoryBudget::GiveHeld(int64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    held_ -= bytes;
  }
  Give(bytes);
}

bool MemoryBudget::TryTake(int64_t bytes) {
  std::lock_guard lock(mutex_);
  if (used_ + bytes > limit_) return false;
  AddUsed(bytes);
  return true;
}

void MemoryBudget::AddUsed(int64_t bytes) {
  used_ += bytes;
  if (used_ > peak_) peak_ = used_.load();
}

void MemoryBudget::Give(int64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    used_ -= bytes;
  }
  freed_.notify_all();
}

Result<int64_t> MemoryBudget::StandingShare(int64_t wanted, int64_t least) {
  std::lock_guard lock(mutex_);
  const int64_t left = std::max(limit_ / 4, wanted) - standing_;
  const int64_t share = standing_ == 0 ? wanted : std::clamp(left / 4, std::min(least, wanted), wanted);
  if (share > left) {
    return EnvironmentError(
        "SLUICE_MEMORY_BUDGET",
        fmt::format("The sources of this process hold {} bytes of fetched data, which may take a quarter of the memory "
                    "budget of {} bytes: there is no room for one more. Raise spark.sluice.memory (or --memory), or "
                    "run fewer queries at once.",
                    standing_, limit_));
  }
  standing_ += share;
  return share;
}

Result<int64_t> MemoryBudget::TakeStanding(int64_t wanted, int64_t least) {
  SLUICE_ASSIGN(const int64_t share, StandingShare(wanted, least));
  const Status taken = Take(share);
  if (taken.ok()) return share;
  std::lock_guard lock(mutex_);
  standing_ -= share;
  return taken;
}

void MemoryBudget::GiveStanding(int64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    standing_ -= bytes;
  }
  Give(bytes);
}

}  // namespace sluice
