// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "base/ids.h"
#include "checkpoint/checkpoint.h"
#include "streaming/batch_plan.h"

namespace sluice {

// Where a query stands between two batches. A plain value; each batch makes the next one from it.
struct QueryState {
  BatchId next;
  SourceOffsets ends;                 // where the sources' next ranges start
  std::optional<EntryConf> recorded;  // of the last entry written: settings that the query keeps for life

  // What a restart finds; `sources` is their number in the plan.
  static QueryState From(const Recovery& recovery, size_t sources);
  // After `plan` was committed.
  QueryState After(const BatchPlan& plan) const;
  // Batch 0 is planned or done: from where the sources started stands in their own logs.
  bool begun() const { return recorded.has_value(); }
  bool operator==(const QueryState&) const = default;
};

// The batch that was planned before the restart, as its entry says; the attempts before are not known yet.
std::optional<BatchPlan> RecoveredPlan(const QueryState& state, const Recovery& recovery);

}  // namespace sluice
