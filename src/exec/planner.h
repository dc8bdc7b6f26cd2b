// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>

#include "base/memory_budget.h"
#include "connectors/registry.h"
#include "exec/operator.h"
#include "exec/part_opener.h"
#include "plan/plan.h"

namespace sluice {

// Opens what a scan names.
using SourceOpener = std::function<Result<std::unique_ptr<BatchSource>>(const ScanSpec& scan)>;

// Rows that are already there, once each: what stands for a node of local rows.
using GivenRows = std::map<const PlanNode*, std::shared_ptr<std::unique_ptr<Operator>>>;

// What the operators of one batch query share.
struct PlannerContext {
  EvalContext eval;                // now_us is the one moment of the query
  MemoryBudget* budget = nullptr;  // null: unlimited; outlives the operators
  int threads = 1;
  SourceOpener open_source;
  GivenRows given = {};
};

// Turns a resolved, optimized batch plan into operators. Nothing runs before the first Next; scans are planned here, so
// a missing path shows at once. Rows come in an order that depends on the data alone. NotSupported for streaming plans.
Result<std::unique_ptr<Operator>> PlanOperators(const PlanPtr& plan, const PlannerContext& context);

// The rows of a batch query in parts that tasks take in parallel, for those who write them.
struct PlannedParts {
  int parts = 0;
  PartOpener open;
  std::shared_ptr<std::atomic<bool>> cancelled;  // makes running and later operators fail soon
};

// As PlanOperators. There are 64 parts at most; of coalesce(n) at most n, and n where a repartition moves the rows.
Result<PlannedParts> PlanParts(const PlanPtr& plan, const PlannerContext& context);

}  // namespace sluice
