// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_state.h"

#include <algorithm>
#include <utility>

namespace sluice {

QueryState QueryState::From(const Recovery& recovery, size_t sources) {
  QueryState state;
  state.next = recovery.next;
  state.ends.resize(sources);
  if (recovery.previous) {
    state.ends = recovery.previous->offsets;
    state.recorded = recovery.previous->conf;
  }
  if (recovery.planned) state.recorded = recovery.planned->conf;
  if (recovery.previous) state.watermark.late_ms = recovery.previous->batch_watermark_ms;
  if (recovery.planned) {
    state.watermark.now_ms = recovery.planned->batch_watermark_ms;
  } else if (recovery.last_commit) {
    state.watermark.now_ms = std::max(state.watermark.late_ms, recovery.last_commit->next_batch_watermark_ms);
  }
  return state;
}

QueryState QueryState::After(const BatchPlan& plan, Watermark watermark) const {
  return QueryState{plan.batch.Next(), plan.entry.offsets, plan.entry.conf, std::move(watermark),
                    plan.entry.batch_watermark_ms};
}

std::optional<BatchPlan> RecoveredPlan(const QueryState& state, const Recovery& recovery) {
  if (!recovery.planned) return std::nullopt;
  BatchPlan plan;
  plan.batch = state.next;
  plan.starts = state.ends;
  plan.entry = *recovery.planned;
  plan.late_ms = state.watermark.late_ms;
  plan.attempt = Attempt::kAgain;
  return plan;
}

}  // namespace sluice
