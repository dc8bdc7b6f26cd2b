// SPDX-License-Identifier: Apache-2.0
#include "exec/task_pipeline.h"

#include <arrow/api.h>

#include <numeric>
#include <utility>

#include "base/spark_error.h"
#include "exec/filter.h"
#include "exec/hash_join.h"
#include "exec/project.h"
#include "exec/scan.h"

namespace sluice {
namespace {

bool IsRowwise(const PlanNode& node) {
  return node.kind == PlanKind::kProject || node.kind == PlanKind::kFilter;
}

const char* NameOf(PlanKind kind) {
  switch (kind) {
    case PlanKind::kScan:
      return "a batch read";
    case PlanKind::kLocal:
      return "local rows";
    case PlanKind::kRange:
      return "range";
    case PlanKind::kAggregate:
      return "an aggregation";
    case PlanKind::kSort:
      return "a sort";
    case PlanKind::kLimit:
      return "LIMIT";
    case PlanKind::kJoin:
      return "a join";
    case PlanKind::kRepartition:
      return "a second repartition or coalesce";
    default:
      return "this operation";
  }
}

PlanPtr WithInput(const PlanNode& node, PlanPtr input) {
  auto copy = std::make_shared<PlanNode>(node);
  copy->inputs[0] = std::move(input);
  return copy;
}

// Whether the rows of a batch can be joined by themselves: not when a table's rows are wanted that no batch has met.
bool JoinsRowByRow(const PlanNode& node) {
  return node.kind == PlanKind::kJoin && IsStreaming(*node.inputs[0]) && !IsStreaming(*node.inputs[1]) &&
         node.join != JoinType::kRight && node.join != JoinType::kFull;
}

// The branches of a plan without its repartition, which is noted in `shape`: rows are changed one by one, so it may as
// well come last.
Result<std::vector<StreamBranch>> BranchesOf(const PlanPtr& plan, StreamingShape* shape) {
  if (plan->kind == PlanKind::kScan && plan->scan.streaming) return std::vector<StreamBranch>{{plan, plan}};
  if (plan->kind == PlanKind::kRepartition && shape->partitions == 0) {
    shape->partitions = plan->partitions;
    shape->shuffle = plan->shuffle;
    return BranchesOf(plan->inputs.at(0), shape);
  }
  if (plan->kind == PlanKind::kUnion) {
    std::vector<StreamBranch> all;
    for (const PlanPtr& input : plan->inputs) {
      StreamingShape below;
      SLUICE_ASSIGN(std::vector<StreamBranch> branches, BranchesOf(input, &below));
      if (below.partitions != 0) {
        return NotSupported("A streaming query cannot have repartition or coalesce below a union yet.");
      }
      shape->joins.insert(shape->joins.end(), below.joins.begin(), below.joins.end());
      all.insert(all.end(), branches.begin(), branches.end());
    }
    return all;
  }
  PlanPtr node = plan;
  if (JoinsRowByRow(*plan)) {
    // By this input the join's table is found: it must be no other join's, as a view that is joined twice would be.
    auto join = std::make_shared<PlanNode>(*plan);
    join->inputs[1] = std::make_shared<PlanNode>(*plan->inputs[1]);
    shape->joins.push_back(join);
    node = std::move(join);
  } else if (!IsRowwise(*plan)) {
    return NotSupported(std::string("A streaming query cannot have ") + NameOf(plan->kind) + " yet.");
  }
  SLUICE_ASSIGN(std::vector<StreamBranch> branches, BranchesOf(node->inputs.at(0), shape));
  for (StreamBranch& branch : branches) {
    branch.rows = branch.rows == node->inputs[0] ? node : WithInput(*node, std::move(branch.rows));
  }
  return branches;
}

}  // namespace

Result<StreamingShape> ShapeOf(const PlanPtr& plan) {
  StreamingShape shape;
  SLUICE_ASSIGN(shape.branches, BranchesOf(plan, &shape));
  return shape;
}

std::vector<int> ColumnsToRead(const PlanNode& scan) {
  if (!scan.scan.columns.empty()) return scan.scan.columns;
  std::vector<int> all(static_cast<size_t>(scan.schema->num_fields()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

const PlanNode& BottomOfChain(const PlanNode& plan) {
  const PlanNode* node = &plan;
  while (IsRowwise(*node)) node = node->inputs.at(0).get();
  return *node;
}

Result<std::unique_ptr<Operator>> BuildChain(const PlanNode& plan, const PlanNode& bottom,
                                             std::unique_ptr<Operator> leaf, const EvalContext& context,
                                             BadRowSink* bad_rows, const JoinTables* tables) {
  if (&plan == &bottom) return leaf;
  const bool joins = plan.kind == PlanKind::kJoin && tables != nullptr;
  if (!IsRowwise(plan) && !joins) {
    return InternalError("a task pipeline of something other than projections, filters and joins with tables");
  }
  SLUICE_ASSIGN(auto input, BuildChain(*plan.inputs.at(0), bottom, std::move(leaf), context, bad_rows, tables));
  if (joins) {
    return std::make_unique<HashJoinOperator>(JoinSpecOf(plan), std::move(input), tables->at(plan.inputs.at(1).get()),
                                              context);
  }
  if (plan.kind == PlanKind::kFilter) {
    return std::make_unique<FilterOperator>(std::move(input), plan.exprs.at(0), context, bad_rows);
  }
  return std::make_unique<ProjectOperator>(std::move(input), plan.exprs, plan.schema, context, bad_rows);
}

Result<std::unique_ptr<Operator>> BuildBranch(const StreamBranch& branch, std::unique_ptr<SliceReader> leaf,
                                              const EvalContext& context, const JoinTables& tables,
                                              BadRowSink* bad_rows) {
  return BuildChain(*branch.rows, *branch.scan, std::make_unique<ScanOperator>(branch.scan->schema, std::move(leaf)),
                    context, bad_rows, &tables);
}

Result<std::unique_ptr<Operator>> BuildTaskPipeline(const PlanNode& plan, std::unique_ptr<SliceReader> leaf,
                                                    const EvalContext& context, BadRowSink* bad_rows) {
  const PlanNode& bottom = BottomOfChain(plan);
  return BuildChain(plan, bottom, std::make_unique<ScanOperator>(bottom.schema, std::move(leaf)), context, bad_rows);
}

}  // namespace sluice
