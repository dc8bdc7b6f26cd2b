// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "exec/stateful/event_time.h"

namespace sluice {

// Which of the watermarks of several nodes counts.
enum class WatermarkPolicy { kMin, kMax };

// Where the event time of a query stands between two batches. A plain value.
struct Watermark {
  int64_t now_ms = 0;  // of the next batch: what is at or before it leaves the state; stored in offsets/N and commits/N
  int64_t late_ms = 0;                // of the batch before: rows at or before it are late in the next one
  std::map<size_t, int64_t> by_node;  // the highest of each watermark node in this run; not stored

  // After a batch under `now_ms` whose watermark nodes, with these delays, saw `times`. A node that has seen no row in
  // this run counts as 0, and the watermark never falls.
  Watermark After(const std::vector<EventTimes>& times, const std::vector<int64_t>& delays_ms,
                  WatermarkPolicy policy) const;
  bool operator==(const Watermark&) const = default;
};

}  // namespace sluice
