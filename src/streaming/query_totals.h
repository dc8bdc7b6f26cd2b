// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace sluice {

struct QueryProgress;

// How often a phase took how long.
struct DurationHistogram {
  static constexpr std::array<int64_t, 15> kBoundsMs = {1,   2,    5,    10,   20,    50,    100,  200,
                                                        500, 1000, 2000, 5000, 10000, 30000, 60000};
  std::array<int64_t, kBoundsMs.size() + 1> counts{};  // by bound (inclusive); the last: longer than all
  int64_t sum_ms = 0;

  void Add(int64_t ms);
  int64_t count() const;
};

// All batches of a query since it was started.
struct QueryTotals {
  int64_t batches = 0;
  int64_t input_rows = 0;
  int64_t output_rows = 0;
  int64_t bad_records = 0;
  std::map<std::string, DurationHistogram> phases;

  void Add(const QueryProgress& progress);
};

}  // namespace sluice
