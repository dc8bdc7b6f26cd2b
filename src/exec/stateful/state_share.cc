// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/state_share.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr int64_t kLeastWindow = 1 << 20;
constexpr int64_t kStep = 1 << 20;  // small growth does not ask the budget each time

int64_t LeastWindow(const MemoryBudget* budget) {
  return budget == nullptr ? 0 : std::min(kLeastWindow, budget->limit() / 64);
}

int64_t Reserved(const MemoryBudget* budget, int partitions) {
  if (budget == nullptr) return 0;
  const auto at_once = std::min<int64_t>(partitions, std::max(1U, std::thread::hardware_concurrency()));
  return std::min(at_once * LeastWindow(budget), budget->limit() / 16);
}

}  // namespace

StateShare::StateShare(MemoryBudget* budget, std::string what, int partitions)
    : budget_(budget),
      what_(std::move(what)),
      least_window_(LeastWindow(budget)),
      reserved_(Reserved(budget, partitions)),
      held_(static_cast<size_t>(partitions)) {}

StateShare::~StateShare() {
  if (taken_ > 0) budget_->GiveHeld(taken_);
}

Status StateShare::Reserve() {
  if (budget_ == nullptr) return Status::OK();
  std::lock_guard lock(mutex_);
  if (Hold(reserved_)) return Status::OK();
  return EnvironmentError(
      "SLUICE_MEMORY_BUDGET",
      fmt::format("{} needs {} bytes at least, but {} of the memory budget of {} bytes are in use (rows that must stay "
                  "may take three quarters). Raise spark.sluice.memory (or --memory), or run fewer queries at once.",
                  what_, reserved_, budget_->used(), budget_->limit()));
}

bool StateShare::Hold(int64_t bytes) {
  const int64_t more = bytes - taken_;
  if (more <= 0) return true;
  const int64_t stepped = std::max(more, std::min(kStep, budget_->limit() / 64));
  const int64_t taken = budget_->TryHold(stepped) ? stepped : budget_->TryHold(more) ? more : 0;
  taken_ += taken;
  return taken > 0;
}

void StateShare::ShrinkTo(int64_t bytes) {
  const int64_t less = taken_ - std::max(bytes, reserved_);
  // Small changes are not worth it to wake everybody who waits for memory.
  if (less <= budget_->limit() / 64) return;
  budget_->GiveHeld(less);
  taken_ -= less;
}

bool StateShare::CoverHeap(int partition, int64_t bytes) {
  if (budget_ == nullptr) return true;
  std::lock_guard lock(mutex_);
  int64_t& held = held_[static_cast<size_t>(partition)].heap;
  const int64_t heap = heap_ + bytes - held;
  if (bytes > held) {
    if (heap + std::max(windows_, reserved_) > half() || !Hold(heap + windows_)) return false;
  } else {
    ShrinkTo(heap + windows_);
  }
  held = bytes;
  heap_ = heap;
  return true;
}

bool StateShare::FitsAgain(int64_t bytes) const {
  if (budget_ == nullptr) return true;
  std::lock_guard lock(mutex_);
  return bytes <= budget_->limit() / 32 && heap_ + bytes <= half() / 2;
}

int64_t StateShare::TakeWindow(int partition) {
  if (budget_ == nullptr) return 0;
  std::lock_guard lock(mutex_);
  int64_t& held = held_[static_cast<size_t>(partition)].window;
  windows_ -= std::exchange(held, 0);
  int64_t window = std::max((half() - heap_ - windows_) / 2, least_window_);
  while (window > least_window_ && !Hold(heap_ + windows_ + window)) {
    window = std::max(window / 2, least_window_);
  }
  held = window;
  windows_ += window;
  return window;
}

void StateShare::GiveWindow(int partition) {
  if (budget_ == nullptr) return;
  std::lock_guard lock(mutex_);
  windows_ -= std::exchange(held_[static_cast<size_t>(partition)].window, 0);
  ShrinkTo(heap_ + windows_);
}

}  // namespace sluice
