// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "conf/conf.h"
#include "exec/task_pipeline.h"
#include "streaming/query_resources.h"

namespace sluice {

// Reads the tables that a query's streams are joined with, as they are now: once for each batch, as Spark does. The
// rows stay in memory until the batch ends; SLUICE_MEMORY_BUDGET when they do not fit.
Result<JoinTables> ReadStaticSides(const StreamingShape& shape, const Conf& conf, const QueryResources& resources,
                                   const EvalContext& context);

}  // namespace sluice
