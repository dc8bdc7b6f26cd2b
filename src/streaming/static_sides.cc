// SPDX-License-Identifier: Apache-2.0
#include "streaming/static_sides.h"

#include <fmt/format.h>

#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "base/thread_pool.h"
#include "exec/hash_join.h"
#include "exec/scan_opener.h"
#include "plan/rewrite.h"

namespace sluice {
namespace {

// The tasks of the batch wait for memory that only its end would free: the tables leave them half of it.
Status CheckHeld(int64_t held, const MemoryBudget* budget) {
  if (budget == nullptr || held <= budget->limit() / 2) return Status::OK();
  return EnvironmentError(
      "SLUICE_MEMORY_BUDGET",
      fmt::format("The tables that the stream is joined with take {} bytes, and half of the memory budget is {}. "
                  "Raise spark.sluice.memory (or --memory), or join with fewer columns or rows.",
                  held, budget->limit() / 2));
}

}  // namespace

Result<JoinTables> ReadStaticSides(const StreamingShape& shape, const Conf& conf, const QueryResources& resources,
                                   const EvalContext& context) {
  JoinTables tables;
  int64_t held = 0;
  if (shape.joins.empty()) return tables;
  SourceContext source;
  source.env = resources.env;
  source.conf = conf;
  source.budget = resources.budget;
  PlannerContext planner;
  planner.eval = context;
  planner.budget = resources.budget;
  planner.threads = resources.tasks->size();
  planner.open_source = ScanOpener(source);
  for (const PlanPtr& join : shape.joins) {
    const PlanPtr& side = join->inputs.at(1);
    SLUICE_ASSIGN(const auto rows, PlanOperators(WithFreshScans(side), planner));
    SLUICE_ASSIGN(tables[side.get()],
                  JoinTable::Read(rows.get(), JoinSpecOf(*join).right_keys, context, resources.budget));
    held += tables[side.get()]->held_bytes();
    SLUICE_RETURN_IF_ERROR(CheckHeld(held, resources.budget));
  }
  return tables;
}

}  // namespace sluice
