// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "env/clock.h"

namespace sluice {

// For tests: a manual clock whose time of day can be set back. Its monotonic time goes on as before, as the system's
// does.
class SetBackClock : public ManualClock {
 public:
  using ManualClock::ManualClock;
  int64_t NowMillis() override { return ManualClock::NowMillis() - set_back_ms_; }
  int64_t MonotonicNanos() override { return ManualClock::NowMillis() * 1'000'000; }
  bool WaitFor(int64_t ms, const std::function<bool()>& stop) override {
    last_wait_ms_ = ms;
    return ManualClock::WaitFor(ms, stop);
  }
  void SetBack(int64_t ms) { set_back_ms_ += ms; }
  // Of the latest WaitFor; -1 before the first.
  int64_t last_wait_ms() const { return last_wait_ms_; }

 private:
  std::atomic<int64_t> set_back_ms_{0};
  std::atomic<int64_t> last_wait_ms_{-1};
};

}  // namespace sluice
