// SPDX-License-Identifier: Apache-2.0
#include "base/memory_turn.h"

#include <mutex>

namespace sluice {

bool MemoryTurn::CoverLocked(int64_t bytes) {
  const int64_t more = bytes - held_;
  if (more <= 0) return true;
  const int others = budget_->turns_ - (held_ > 0 ? 1 : 0);
  if (others > 0 && budget_->used_ + more > budget_->limit_) return false;
  if (held_ == 0) ++budget_->turns_;
  budget_->AddUsed(more);
  held_ = bytes;
  return true;
}

bool MemoryTurn::TryCover(int64_t bytes) {
  if (budget_ == nullptr) return true;
  std::lock_guard lock(budget_->mutex_);
  return CoverLocked(bytes);
}

bool MemoryTurn::Cover(int64_t bytes, const std::atomic<bool>& cancelled) {
  if (budget_ == nullptr || bytes <= held_) return !cancelled;
  Release();
  std::unique_lock lock(budget_->mutex_);
  bool covered = false;
  budget_->freed_.wait(lock, [&] { return cancelled || (covered = CoverLocked(bytes)); });
  return covered;
}

void MemoryTurn::Wake() {
  if (budget_ == nullptr) return;
  { std::lock_guard lock(budget_->mutex_); }  // not between a look at the flag and the wait
  budget_->freed_.notify_all();
}

void MemoryTurn::Release() {
  if (budget_ == nullptr || held_ == 0) return;
  {
    std::lock_guard lock(budget_->mutex_);
    --budget_->turns_;
    budget_->used_ -= held_;
    held_ = 0;
  }
  budget_->freed_.notify_all();
}

}  // namespace sluice
