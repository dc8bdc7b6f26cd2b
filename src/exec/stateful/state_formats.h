// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exec/stateful/stateful_operator.h"

namespace sluice {

// Which of Spark's forms the state of a query has. Recorded in offsets/N, and the same for the query's life.
struct StateFormats {
  bool keys_in_values = false;  // of groups: version 1 of aggregation.stateFormatVersion
  bool matched_flags = true;    // of joined rows: from version 2 of join.stateFormatVersion on
};

// MakeStatefulOperator for state in these forms; without them, for state as new queries have it.
Result<std::unique_ptr<StatefulOperator>> MakeStatefulOperator(const PlanNode& node, const StateFormats& formats);

}  // namespace sluice
