// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>

#include "base/memory_budget.h"

namespace sluice {

// What the responses of all operations together take from the memory budget: a quarter of it at most, so that clients
// that read slowly, or not at all, leave the rest to the queries. Never waits. Thread-safe.
class ResponseMemory {
 public:
  // `budget` outlives this.
  explicit ResponseMemory(MemoryBudget* budget) : budget_(budget) {}
  int64_t limit() const { return budget_->limit() / 4; }

  bool TryTake(int64_t bytes) {
    std::lock_guard lock(mutex_);
    if (used_ + bytes > limit() || !budget_->TryTake(bytes)) return false;
    used_ += bytes;
    return true;
  }
  void Give(int64_t bytes) {
    budget_->Give(bytes);
    std::lock_guard lock(mutex_);
    used_ -= bytes;
  }

 private:
  MemoryBudget* const budget_;
  std::mutex mutex_;
  int64_t used_ = 0;
};

}  // namespace sluice
