// SPDX-License-Identifier: Apache-2.0
#include "env/clock.h"

#include <chrono>

namespace sluice {
namespace {

class RealClock : public Clock {
 public:
  int64_t NowMillis() override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  }

  int64_t MonotonicNanos() override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  }

  bool WaitFor(int64_t ms, const std::function<bool()>& stop) override {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    std::unique_lock lock(mutex_);
    for (;;) {
      if (stop()) return false;
      if (std::chrono::steady_clock::now() >= deadline) return true;
      changed_.wait_until(lock, deadline);
    }
  }

  void Wake() override {
    { std::lock_guard lock(mutex_); }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace

Clock& SystemClock() {
  static auto* clock = new RealClock();
  return *clock;
}

int64_t ManualClock::NowMillis() {
  std::lock_guard lock(mutex_);
  return now_ms_;
}

int64_t ManualClock::MonotonicNanos() {
  return NowMillis() * 1'000'000;
}

bool ManualClock::WaitFor(int64_t ms, const std::function<bool()>& stop) {
  std::unique_lock lock(mutex_);
  const int64_t deadline_ms = now_ms_ + ms;
  ++waiters_;
  changed_.notify_all();
  bool reached = false;
  for (;;) {
    if (stop()) break;
    reached = now_ms_ >= deadline_ms;
    if (reached) break;
    changed_.wait(lock);
  }
  --waiters_;
  return reached;
}

void ManualClock::Wake() {
  { std::lock_guard lock(mutex_); }
  changed_.notify_all();
}

void ManualClock::Advance(int64_t ms) {
  {
    std::lock_guard lock(mutex_);
    now_ms_ += ms;
  }
  changed_.notify_all();
}

int ManualClock::waiters() {
  std::lock_guard lock(mutex_);
  return waiters_;
}

}  // namespace sluice
