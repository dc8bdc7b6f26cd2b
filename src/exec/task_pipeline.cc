// SPDX-License-Identifier: Apache-2.0
#include "exec/task_pipeline.h"

#include <arrow/api.h>

#include <numeric>
#include <utility>

#include "base/spark_error.h"
#include "exec/filter.h"
#include "exec/generate.h"
#include "exec/hash_join.h"
#include "exec/observe.h"
#include "exec/project.h"
#include "exec/python_batches.h"
#include "exec/python_columns.h"
#include "exec/scan.h"
#include "exec/stateful/event_time.h"
#include "exec/stateful/time_window.h"

namespace sluice {
std::vector<int> ColumnsToRead(const PlanNode& scan) {
  const std::vector<int>& columns = scan.Get<plan::Scan>().source.columns;
  if (!columns.empty()) return columns;
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
                                             BadRowSink* bad_rows, const BranchParts& parts) {
  if (&plan == &bottom) return leaf;
  const bool joins = plan.Is<plan::Join>() && parts.tables != nullptr;
  if (!IsRowwise(plan) && !joins) {
    return InternalError("a task pipeline of something other than row-wise steps and joins with tables");
  }
  SLUICE_ASSIGN(auto input, BuildChain(*plan.inputs.at(0), bottom, std::move(leaf), context, bad_rows, parts));
  if (joins) {
    return std::make_unique<HashJoinOperator>(JoinSpecOf(plan), std::move(input),
                                              parts.tables->at(plan.inputs.at(1).get()), context, bad_rows != nullptr);
  }
  if (const auto* observe = plan.As<plan::Observe>()) {
    if (observe->measurement == nullptr) return input;
    const auto part =
        parts.shape == nullptr ? static_cast<int64_t>(context.task_seed) : observe->measurement->NextNumber();
    return ObserveOperator::Make(std::move(input), *observe, context, part);
  }
  if (const auto* project = plan.As<plan::Project>()) {
    return std::make_unique<ProjectOperator>(std::move(input), project->exprs, plan.schema, context, bad_rows);
  }
  if (const auto* filter = plan.As<plan::Filter>()) {
    return std::make_unique<FilterOperator>(std::move(input), filter->condition, context, bad_rows);
  }
  if (plan.Is<plan::Generate>()) {
    return std::make_unique<GenerateOperator>(std::move(input), plan, context, bad_rows);
  }
  if (plan.Is<plan::TimeWindow>()) {
    return std::make_unique<TimeWindowOperator>(std::move(input), plan, context, bad_rows);
  }
  if (const auto* watermark = plan.As<plan::Watermark>()) {
    if (parts.seen == nullptr) return input;  // of a table it has no meaning
    return std::make_unique<WatermarkOperator>(std::move(input), static_cast<int>(watermark->column()),
                                               &parts.seen->at(parts.shape->watermarks.at(&plan)));
  }
  if (IsPython(plan, plan::PythonStep::Kind::kBatches)) {
    return std::make_unique<PythonBatchesOperator>(plan, std::move(input), context);
  }
  return std::make_unique<PythonColumnsOperator>(plan, std::move(input), context, bad_rows);
}

Result<std::unique_ptr<Operator>> BuildBranch(const StreamBranch& branch, std::unique_ptr<Operator> leaf,
                                              const EvalContext& context, const BranchParts& parts,
                                              BadRowSink* bad_rows) {
  return BuildChain(*branch.rows, *branch.bottom, std::move(leaf), context, bad_rows, parts);
}

Result<std::unique_ptr<Operator>> BuildTaskPipeline(const PlanNode& plan, std::unique_ptr<SliceReader> leaf,
                                                    const EvalContext& context, BadRowSink* bad_rows) {
  const PlanNode& bottom = BottomOfChain(plan);
  return BuildChain(plan, bottom, std::make_unique<ScanOperator>(bottom.schema, std::move(leaf), bad_rows), context,
                    bad_rows);
}

}  // namespace sluice
