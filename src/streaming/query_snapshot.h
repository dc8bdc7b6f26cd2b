// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "streaming/progress.h"
#include "streaming/query_totals.h"

namespace sluice {

enum class QueryHealth {
  kStarting,  // no batch and no look at an idle source has ended yet
  kRunning,
  kStuck,    // none has ended for longer than spark.sluice.metrics.stuckAfter
  kStopped,  // ended without an error
  kFailed,
};

// What the metrics page and the readiness path show of one query.
struct QuerySnapshot {
  std::string id;
  std::string name;  // may be empty
  QueryHealth state = QueryHealth::kStarting;
  QueryTotals totals;
  std::optional<QueryProgress> last;
};

}  // namespace sluice
