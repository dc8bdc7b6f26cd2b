// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include "analysis/scope.h"
#include "conf/session_options.h"
#include "plan/plan.h"

namespace sluice {

// DataFrame.freqItems over `input` with these columns: one row, an array a column.
Result<PlanPtr> ResolveFrequentItems(const PlanPtr& input, const Scope& scope,
                                     const spark::connect::StatFreqItems& items, const SessionOptions& options);

}  // namespace sluice
