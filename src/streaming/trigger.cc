// SPDX-License-Identifier: Apache-2.0
#include "streaming/trigger.h"

#include <algorithm>

#include "base/spark_error.h"
#include "conf/conf.h"

namespace sluice {

int64_t NextTriggerTime(int64_t now_ms, int64_t interval_ms) {
  return (now_ms / interval_ms + 1) * interval_ms;
}

Result<QueryTrigger> ParseTrigger(const std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "availablenow") return QueryTrigger{TriggerKind::kAvailableNow, 0};
  if (lower == "once") return QueryTrigger{TriggerKind::kOnce, 0};
  if (lower.starts_with("continuous")) {
    return NotSupported("The continuous trigger is not supported; use processingTime with a short interval.");
  }
  std::string interval = lower;
  if (interval.starts_with("processingtime")) interval = interval.substr(std::string("processingtime").size());
  std::erase_if(interval, [](char c) { return c == '=' || c == '\'' || c == '"'; });
  const Result<int64_t> parsed = ParseDurationMs(interval);
  if (!parsed.ok() || *parsed < 0) {
    return UserError(
        "SLUICE_BAD_TRIGGER",
        "'" + text + "' is no trigger: 'availableNow', 'once' or an interval such as 'processingTime 10 seconds'.");
  }
  return QueryTrigger{TriggerKind::kProcessingTime, *parsed};
}

}  // namespace sluice
