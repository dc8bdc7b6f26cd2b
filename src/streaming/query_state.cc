// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_state.h"

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
  return state;
}

QueryState QueryState::After(const BatchPlan& plan) const {
  return QueryState{plan.batch.Next(), plan.entry.offsets, plan.entry.conf};
}

std::optional<BatchPlan> RecoveredPlan(const QueryState& state, const Recovery& recovery) {
  if (!recovery.planned) return std::nullopt;
  BatchPlan plan;
  plan.batch = state.next;
  plan.starts = state.ends;
  plan.entry = *recovery.planned;
  plan.attempt = Attempt::kAgain;
  return plan;
}

}  // namespace sluice
