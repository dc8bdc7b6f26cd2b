// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/plan.h"

namespace sluice {

// The rules of Optimize, each in a file of its name. All keep the columns and the rows of the plan.

// Calls of Python functions become columns that a PythonStep below gives: one node for functions that can share a
// worker, with f(g(x)) as one call. A call over both inputs of a join stays where it is, and fails there when it runs.
PlanPtr ExtractPython(const PlanPtr& plan);
// Project over Project becomes one: the inner expressions are put in place of the columns as the same objects, so that
// an Evaluation still computes each once. Not over expressions that are not deterministic.
PlanPtr MergeProjections(const PlanPtr& plan);
// Filter over Project becomes Project over Filter when the condition reads only columns that the Project passes on, and
// Filter over Union becomes Union over Filters.
PlanPtr PushFilters(const PlanPtr& plan);
// Conditions of joins, and filters above them, become pairs of keys or filters of one input where they can.
PlanPtr JoinConditions(const PlanPtr& plan);
// A join of a table with a stream becomes one of the stream with the table, where that gives the same rows.
PlanPtr StreamsOnTheLeft(const PlanPtr& plan);
// Deterministic expressions over literals become literals; those that fail stay, to fail when they run. What depends on
// the batch (current_timestamp()) has no arguments and stays.
PlanPtr FoldConstants(const PlanPtr& plan, const EvalContext& context);
// Columns that nothing above needs are neither computed nor read; a scan keeps at least one,
// unless its source can count rows without.
PlanPtr PruneColumns(const PlanPtr& plan);
// The state of a streaming aggregation has its values in the order in which Spark's plan uses them: as a projection
// right above names them, if it names each once, and without those that it does not name.
PlanPtr OrderAggregates(const PlanPtr& plan);
// What filters demand of single columns is told to the scan below them, which may leave rows out by it; the filters
// stay.
PlanPtr PushConditions(const PlanPtr& plan);
// Equal sub-expressions of a node become one object, and split(x, d)[i] one kernel for all i.
PlanPtr ShareExpressions(const PlanPtr& plan);

}  // namespace sluice
