// SPDX-License-Identifier: Apache-2.0
#include "streaming/static_sides.h"

#include "base/thread_pool.h"
#include "exec/hash_join.h"
#include "exec/scan_opener.h"
#include "plan/rewrite.h"

namespace sluice {

Result<JoinTables> ReadStaticSides(const StreamingShape& shape, const Conf& conf, const QueryResources& resources,
                                   const EvalContext& context) {
  JoinTables tables;
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
  }
  return tables;
}

}  // namespace sluice
