// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "connectors/source.h"
#include "exec/join_table.h"
#include "exec/operator.h"
#include "exec/row_isolation.h"
#include "plan/plan.h"

namespace sluice {

// The rows of one source, changed row by row.
struct StreamBranch {
  PlanPtr rows;  // projections, filters and joins with tables over the scan, without the repartition
  PlanPtr scan;  // the kScan node below `rows`; may be the same node
};

// What the streaming layer needs to know of a streaming plan: a branch for each source, perhaps brought into another
// number of tasks.
struct StreamingShape {
  std::vector<StreamBranch> branches;  // by the source's ordinal, as Spark counts sources; at least one
  int partitions = 0;                  // coalesce(n) or repartition(n): n; 0: as the sources' tasks are
  bool shuffle = false;                // repartition(n), else coalesce(n)
  std::vector<PlanPtr> joins;          // the join nodes of the branches: a stream on the left, a table on the right
};

// The rows of the tables that streams are joined with, by the node that is the right input.
using JoinTables = std::map<const PlanNode*, std::shared_ptr<const JoinTable>>;

// NotSupported, by the name of the operation, for anything but streaming scans below unions, projections, filters,
// joins with tables and at most one repartition or coalesce, which stands above every union.
Result<StreamingShape> ShapeOf(const PlanPtr& plan);

// The operators of a chain of projections and filters, above `leaf`, whose slices have the columns of the scan node.
// Rows that fail go to `bad_rows`, if there is one (it must outlive the operators), or else fail the whole.
Result<std::unique_ptr<Operator>> BuildTaskPipeline(const PlanNode& plan, std::unique_ptr<SliceReader> leaf,
                                                    const EvalContext& context, BadRowSink* bad_rows = nullptr);
// The operators of a branch of a streaming query; `tables` has one for each join.
Result<std::unique_ptr<Operator>> BuildBranch(const StreamBranch& branch, std::unique_ptr<SliceReader> leaf,
                                              const EvalContext& context, const JoinTables& tables,
                                              BadRowSink* bad_rows = nullptr);
// The same over an operator that stands for the node `bottom`.
Result<std::unique_ptr<Operator>> BuildChain(const PlanNode& plan, const PlanNode& bottom,
                                             std::unique_ptr<Operator> leaf, const EvalContext& context,
                                             BadRowSink* bad_rows = nullptr, const JoinTables* tables = nullptr);

// What to ask a reader of a scan node for: the columns that its schema has, also when none were pruned.
std::vector<int> ColumnsToRead(const PlanNode& scan);

// The lowest node of the projections and filters that `plan` begins with: the first node that is neither.
const PlanNode& BottomOfChain(const PlanNode& plan);

}  // namespace sluice
