// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "streaming/trigger.h"

namespace sluice {

class Clock;

// When a query looks for its next batch, and when it gives memory back. Used by the query's thread only.
class TriggerPace {
 public:
  // `polling_delay_ms`: the wait after the first look that found nothing, if no interval is set.
  TriggerPace(QueryTrigger trigger, int64_t polling_delay_ms, Clock* clock);

  // No batch ran since the last look.
  bool idle() const { return idle_rounds_ > 0; }
  // Waits after a trigger that began at `began_ms`; `ran`: it had a batch. `stopped` ends the wait. `query` is for
  // logs.
  void Wait(bool ran, int64_t began_ms, const std::string& query, const std::function<bool()>& stopped);

 private:
  void GiveMemoryBack(bool ran);

  const QueryTrigger trigger_;
  const int64_t polling_delay_ms_;
  Clock* const clock_;
  int idle_rounds_ = 0;
  std::optional<int64_t> busy_until_;  // when the last batch was done, in monotonic nanoseconds
  bool memory_given_back_ = false;     // since then
};

}  // namespace sluice
