// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "plan/event_time.h"
#include "plan/plan.h"

namespace sluice {

enum class JoinSide { kLeft, kRight };

// Whether a node joins two streams, and so keeps the rows of both as state.
bool JoinsStreams(const PlanNode& node);
// Whether the join gives rows of that side that have no partner.
bool KeepsUnmatched(JoinType type, JoinSide side);

// Which rows of one side a join of two streams no longer needs. Either a key is an event time, and the row goes when
// the watermark has reached it; or conditions bind the row's event time to the other side's, and it goes when the
// watermark is so far that no row of the other side may come that fulfils them. Immutable.
struct JoinEviction {
  // The row's time is greater than the other side's by more than the offset, or by as much: what a condition demands.
  struct Bound {
    bool moves = true;      // with the watermark; else the other side is a constant
    int64_t offset_us = 0;  // of a constant: the constant
    bool inclusive = false;
  };
  std::optional<size_t> key;  // the number of the pair of keys
  std::vector<Bound> bounds;
  int time = -1;        // the side's column that is its event time; -1: none
  bool window = false;  // the key, or else the column, is a window, whose end counts

  bool any() const { return key || (time >= 0 && !bounds.empty()); }
  // Rows whose time is at or before this go. None: none ever does. Microseconds.
  std::optional<int64_t> Limit(int64_t watermark_us) const;
};

// Of a join whose conditions have been sorted into keys and others (JoinConditions).
JoinEviction EvictionOf(const PlanNode& join, JoinSide side);

// How far a watermark still counts above the join: rows that it gives may be as old as the rows that it keeps.
int64_t WatermarkAbove(const PlanNode& join, int64_t watermark_ms);

// Of each column of that side, whether a row with NULL there is left out before the join, since it has no partner: none
// of a side that gives rows without one.
std::vector<bool> ColumnsWithoutNulls(const PlanNode& join, JoinSide side);

// A rule of Optimize, behind JoinConditions: a join of two streams gets no rows with a NULL in a column without which
// they have no partner, but of a side whose rows it gives without one. What is left out is no state, and below a
// watermark it does not move that either, as in Spark.
PlanPtr NullsOfStreamJoins(const PlanPtr& plan);

}  // namespace sluice
