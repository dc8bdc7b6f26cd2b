// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "connectors/source.h"
#include "exec/operator.h"
#include "exec/row_isolation.h"
#include "exec/stateful/event_time.h"
#include "exec/stream_shape.h"
#include "plan/plan.h"

namespace sluice {

// What the operators of a branch need beside their rows. All null: the plan is no stream's.
struct BranchParts {
  const JoinTables* tables = nullptr;  // one for each join with a table
  const StreamingShape* shape = nullptr;
  std::vector<EventTimes>* seen = nullptr;  // by the number of the watermark node; outlives the operators
};

// The operators of a chain of projections, filters, windows and watermarks, above `leaf`, whose slices have the columns
// of the scan node. Rows that fail go to `bad_rows`, if there is one (it must outlive the operators), or else fail the
// whole.
Result<std::unique_ptr<Operator>> BuildTaskPipeline(const PlanNode& plan, std::unique_ptr<SliceReader> leaf,
                                                    const EvalContext& context, BadRowSink* bad_rows = nullptr);
// The operators of a branch of a streaming query, over an operator that stands for its bottom.
Result<std::unique_ptr<Operator>> BuildBranch(const StreamBranch& branch, std::unique_ptr<Operator> leaf,
                                              const EvalContext& context, const BranchParts& parts,
                                              BadRowSink* bad_rows = nullptr);
// The same over an operator that stands for the node `bottom`.
Result<std::unique_ptr<Operator>> BuildChain(const PlanNode& plan, const PlanNode& bottom,
                                             std::unique_ptr<Operator> leaf, const EvalContext& context,
                                             BadRowSink* bad_rows = nullptr, const BranchParts& parts = {});

// What to ask a reader of a scan node for: the columns that its schema has, also when none were pruned.
std::vector<int> ColumnsToRead(const PlanNode& scan);

// The lowest node of the projections, filters, windows and watermarks that `plan` begins with: the first other one.
const PlanNode& BottomOfChain(const PlanNode& plan);

}  // namespace sluice
