// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace sluice {

enum class TriggerKind {
  kProcessingTime,  // a batch every `interval_ms`, or as soon as possible when 0
  kAvailableNow,    // what is there at the start, under the rate limits, in as many batches as it takes
  kOnce,            // what is there at the start, in one batch, without rate limits
};

struct QueryTrigger {
  TriggerKind kind = TriggerKind::kProcessingTime;
  int64_t interval_ms = 0;
};

// The next moment of a processing-time trigger after `now_ms`: multiples of the interval since 1970, as in Spark.
int64_t NextTriggerTime(int64_t now_ms, int64_t interval_ms);

// "availableNow", "once", "10 seconds", "processingTime 10 seconds", "processingTime='10 seconds'". Continuous triggers
// are refused by name.
Result<QueryTrigger> ParseTrigger(const std::string& text);

}  // namespace sluice
