// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "base/ids.h"
#include "checkpoint/checkpoint.h"
#include "streaming/batch_plan.h"
#include "streaming/watermark.h"

namespace sluice {

// Where a query stands between two batches. A plain value; each batch makes the next one from it.
struct QueryState {
  BatchId next;
  SourceOffsets ends;                 // where the sources' next ranges start
  std::optional<EntryConf> recorded;  // of the last entry written: settings that the query keeps for life
  Watermark watermark;
  // The watermark under which the last batch of this run let state go; none: this run has had no batch.
  std::optional<int64_t> evicted_ms;

  // What a restart finds; `sources` is their number in the plan.
  static QueryState From(const Recovery& recovery, size_t sources);
  // After `plan` was committed, with the watermark that it led to.
  QueryState After(const BatchPlan& plan, Watermark watermark) const;
  // Whether the watermark has passed what the last batch of this run went by. After a restart it waits for rows.
  bool watermark_rose() const { return evicted_ms && watermark.now_ms > *evicted_ms; }
  // Batch 0 is planned or done: from where the sources started stands in their own logs.
  bool begun() const { return recorded.has_value(); }
  bool operator==(const QueryState&) const = default;
};

// The batch that was planned before the restart, as its entry says; the attempts before are not known yet.
std::optional<BatchPlan> RecoveredPlan(const QueryState& state, const Recovery& recovery);

}  // namespace sluice
