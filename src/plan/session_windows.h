// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "plan/plan.h"

namespace sluice {

// The name of the window function that gives each row the session which its own is a part of. Its one argument is the
// row's own session, by which the rows of a partition are sorted.
inline constexpr char kMergedSession[] = "merged_session";

// The rows with their sessions merged: among rows with equal keys those that touch or overlap are one. `session` is the
// column of the sessions, by which nothing else changes. For batch queries; a stream merges in its state.
PlanPtr WithMergedSessions(PlanPtr rows, int session, std::vector<ExprPtr> keys);

// Which key of an Aggregate is a session_window of a stream, or -1.
int SessionKeyOf(const PlanNode& node);

}  // namespace sluice
