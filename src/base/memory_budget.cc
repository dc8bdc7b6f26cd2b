// SPDX-License-Identifier: Apache-2.0
#include "base/memory_budget.h"

#include <fmt/format.h>

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
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return used_ + bytes <= limit_; });
  used_ += bytes;
  if (used_ > peak_) peak_ = used_.load();
  return Status::OK();
}

bool MemoryBudget::TryTake(int64_t bytes) {
  std::lock_guard lock(mutex_);
  if (used_ + bytes > limit_) return false;
  used_ += bytes;
  if (used_ > peak_) peak_ = used_.load();
  return true;
}

void MemoryBudget::Give(int64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    used_ -= bytes;
  }
  freed_.notify_all();
}

}  // namespace sluice
