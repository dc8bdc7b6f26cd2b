// SPDX-License-Identifier: Apache-2.0
#include "streaming/trigger_pace.h"

#include <algorithm>

#include "base/idle_memory.h"
#include "base/logging.h"
#include "env/clock.h"

namespace sluice {
namespace {

// Without new data the looks at the sources grow rarer up to this, so that an idle query costs next to nothing.
constexpr int64_t kLongestIdlePollMs = 100;
constexpr int kMostDoublings = 8;
// Without new data for so long, memory is given back.
constexpr int64_t kIdleMemoryNanos = 2'000'000'000;

}  // namespace

TriggerPace::TriggerPace(QueryTrigger trigger, int64_t polling_delay_ms, Clock* clock)
    : trigger_(trigger), polling_delay_ms_(polling_delay_ms), clock_(clock) {}

void TriggerPace::GiveMemoryBack(bool ran) {
  const int64_t now = clock_->MonotonicNanos();
  if (ran || !busy_until_) busy_until_ = now;
  if (ran) memory_given_back_ = false;
  if (memory_given_back_ || now - *busy_until_ < kIdleMemoryNanos) return;
  memory_given_back_ = true;
  ReleaseIdleMemory();
}

void TriggerPace::Wait(bool ran, int64_t began_ms, const std::string& query, const std::function<bool()>& stopped) {
  GiveMemoryBack(ran);
  if (trigger_.interval_ms > 0) {
    const int64_t now = clock_->NowMillis();
    const int64_t due = NextTriggerTime(began_ms, trigger_.interval_ms);
    if (now > due)
      Log(LogLevel::kWarn, "Query {}: the trigger of {} ms fell behind by {} ms", query, trigger_.interval_ms,
          now - due);
    // A time of day that was set back in between must not hold the trigger up.
    clock_->WaitFor(std::clamp<int64_t>(due - now, 0, trigger_.interval_ms), stopped);
    return;
  }
  if (ran) {
    idle_rounds_ = 0;
    return;
  }
  const int64_t delay = polling_delay_ms_ << std::min(idle_rounds_++, kMostDoublings);
  clock_->WaitFor(std::max(polling_delay_ms_, std::min(delay, kLongestIdlePollMs)), stopped);
}

}  // namespace sluice
