// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"
#include "exec/join_table.h"
#include "plan/output_mode.h"
#include "plan/plan.h"

namespace sluice {

// Rows that are changed one by one: those of a source, or what an operator with state gives.
struct StreamBranch {
  PlanPtr rows;                // projections, filters, windows, watermarks and joins with tables over `bottom`
  PlanPtr bottom;              // the node below `rows`, may be the same node: a streaming scan, or the node of a step
  std::optional<size_t> step;  // of StreamingShape::steps; none: a scan
  size_t source = 0;           // the scan's ordinal
};

// A node that keeps state from batch to batch.
struct StateStep {
  PlanPtr node;
  int64_t id = 0;                                 // as Spark counts: from the sink down, parents first, left to right
  std::vector<std::vector<StreamBranch>> inputs;  // one, of a join two
};

// What the streaming layer needs to know of a streaming plan: where rows come from, and what is done on their way.
struct StreamingShape {
  std::vector<PlanPtr> scans;          // the kScan nodes by the source's ordinal, as Spark counts sources
  std::vector<StreamBranch> branches;  // to the sink; at least one
  std::vector<StateStep> steps;        // each after those that it reads
  // What the tasks of the sink are made by; its keys are columns of the rows for the sink. None: they are as the
  // inputs.
  std::optional<plan::Repartition> repartition;
  std::vector<PlanPtr> joins;      // the join nodes of the branches: a stream on the left, a table on the right
  std::vector<int64_t> delays_ms;  // of the watermark nodes, as Spark numbers them
  std::map<const PlanNode*, size_t> watermarks;  // the number of each, by the nodes in `rows`
  PlanPtr tail;                                  // ORDER BY and LIMIT of a whole result, over `tail_input`; null: none
  PlanPtr tail_input;

  bool keeps_state() const { return !steps.empty(); }
  // Whether a batch must run again although the sink has it: what it leaves behind is more than rows.
  bool carries_over() const { return !steps.empty() || !delays_ms.empty(); }
};

// The rows of the tables that streams are joined with, by the node that is the right input.
using JoinTables = std::map<const PlanNode*, std::shared_ptr<const JoinTable>>;

// Whether a step takes the rows of a task one slice after the other.
bool IsRowwise(const PlanNode& node);

// NotSupported, by the name of the operation, for what no stream of Sluice can have.
Result<StreamingShape> ShapeOf(const PlanPtr& plan, OutputMode mode = OutputMode::kAppend);

}  // namespace sluice
