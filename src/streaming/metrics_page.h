// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "streaming/query_snapshot.h"

namespace sluice {

class MemoryBudget;

// The metrics of the process and of its queries in Prometheus' text format (version 0.0.4). Each family's help and type
// are there also when it has no sample.
std::string MetricsPage(const std::vector<QuerySnapshot>& queries, const MemoryBudget& budget, int64_t now_ms);

// True when there is a query, and each that has not been stopped runs: it has ended a batch or a look at an idle
// source, and not too long ago. `why` says what is missing.
bool IsReady(const std::vector<QuerySnapshot>& queries, std::string* why);

}  // namespace sluice
