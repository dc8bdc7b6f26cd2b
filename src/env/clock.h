// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace sluice {

// The only source of time. Operators never read a clock: they see the batch's timestamp. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since 1970-01-01 UTC.
  virtual int64_t NowMillis() = 0;
  // For durations; never goes back.
  virtual int64_t MonotonicNanos() = 0;
  // Returns when `stop()` is true or `ms` have passed, whichever is first; true when they have passed. Measured by the
  // monotonic clock: setting the time of day makes no wait longer. `stop` is asked again after each Wake().
  virtual bool WaitFor(int64_t ms, const std::function<bool()>& stop) = 0;
  // Makes every WaitFor ask its `stop` again.
  virtual void Wake() = 0;
};

Clock& SystemClock();

// A clock that moves only when told.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t now_ms) : now_ms_(now_ms) {}
  int64_t NowMillis() override;
  int64_t MonotonicNanos() override;
  bool WaitFor(int64_t ms, const std::function<bool()>& stop) override;
  void Wake() override;
  void Advance(int64_t ms);
  // Number of threads inside WaitFor; tests wait for it before Advance.
  int waiters();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t now_ms_;
  int waiters_ = 0;
};

}  // namespace sluice
