// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connectors/source.h"

namespace sluice {

// The columns of both rate sources: timestamp, value.
std::shared_ptr<arrow::Schema> RateSchema();

// One task's rows: values first, first + step, ... below `end`. Row `value` has the timestamp
// base_ms + round((value - base_value) * ms_per_value).
struct RateTask {
  int64_t first = 0;
  int64_t step = 1;
  int64_t end = 0;
  int64_t base_value = 0;
  int64_t base_ms = 0;
  double ms_per_value = 0;
};

// `name` is the source's, for identities ("rate").
std::vector<InputPartition> PlanRateTasks(const std::string& name, const RateTask& all, int64_t tasks);
std::unique_ptr<SliceReader> OpenRateReader(const InputPartition& input, const std::vector<int>& columns);

// How many tasks a batch has when numPartitions is not given: fixed, so that a batch does not depend on the machine.
constexpr int64_t kDefaultRateTasks = 1;
// Option `name` as a positive number.
Result<int64_t> PositiveRateOption(const Options& options, const char* name, int64_t fallback);

}  // namespace sluice
