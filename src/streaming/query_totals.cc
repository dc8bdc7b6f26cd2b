// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_totals.h"

#include <algorithm>
#include <numeric>

#include "streaming/progress.h"

namespace sluice {

void DurationHistogram::Add(int64_t ms) {
  const auto bound = std::lower_bound(kBoundsMs.begin(), kBoundsMs.end(), ms);
  ++counts[static_cast<size_t>(bound - kBoundsMs.begin())];
  sum_ms += ms;
}

int64_t DurationHistogram::count() const {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

void QueryTotals::Add(const QueryProgress& progress) {
  ++batches;
  input_rows += progress.input_rows();
  output_rows += std::max<int64_t>(progress.output_rows, 0);
  bad_records += progress.bad_records;
  for (const auto& [phase, ms] : progress.duration_ms) phases[phase].Add(ms);
}

}  // namespace sluice
