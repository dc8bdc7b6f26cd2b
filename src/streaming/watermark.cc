// SPDX-License-Identifier: Apache-2.0
#include "streaming/watermark.h"

#include <algorithm>

namespace sluice {

Watermark Watermark::After(const std::vector<EventTimes>& times, const std::vector<int64_t>& delays_ms,
                           WatermarkPolicy policy) const {
  Watermark next = *this;
  next.late_ms = now_ms;
  for (size_t node = 0; node < delays_ms.size(); ++node) {
    const bool seen = node < times.size() && times[node].count > 0;
    int64_t& mark = next.by_node[node];
    if (seen) mark = std::max(mark, times[node].max_ms - delays_ms[node]);
  }
  if (next.by_node.empty()) return next;
  const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto chosen = policy == WatermarkPolicy::kMin
                          ? std::min_element(next.by_node.begin(), next.by_node.end(), less)
                          : std::max_element(next.by_node.begin(), next.by_node.end(), less);
  next.now_ms = std::max(now_ms, chosen->second);
  return next;
}

}  // namespace sluice
