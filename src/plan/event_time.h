// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plan/plan.h"

namespace sluice {

// What Spark keeps in a column's metadata: passed on by names, selections and windows, lost in any computation.
struct EventTimeMark {
  std::optional<int64_t> delay_ms;  // the column is an event time, or a window of one, with this delay
  bool window = false;              // it is a window: its end is its time
  bool session = false;             // of a session
  bool operator==(const EventTimeMark&) const = default;
};

// One for each column that the node gives.
std::vector<EventTimeMark> EventTimesOf(const PlanNode& node);

// For a node none of whose columns is one.
std::vector<EventTimeMark> NoEventTimes(const PlanNode& node);
// The mark of an expression over columns with these.
EventTimeMark EventTimeOf(const ExprPtr& expr, const std::vector<EventTimeMark>& below);

// The first column with a delay, or -1.
int EventTimeColumn(const std::vector<EventTimeMark>& marks);

// The Watermark nodes on the streaming side of a plan, from the top down and from left to right: Spark numbers them
// so.
std::vector<const PlanNode*> WatermarksOf(const PlanNode& plan);

}  // namespace sluice
