// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/stateful_operator.h"

#include "base/spark_error.h"
#include "exec/stateful/streaming_aggregate.h"
#include "exec/stateful/streaming_deduplicate.h"
#include "exec/stateful/streaming_limit.h"

namespace sluice {

void StateCounts::Add(const StateCounts& other) {
  updated += other.updated;
  removed += other.removed;
  dropped_late += other.dropped_late;
  dropped_duplicates += other.dropped_duplicates;
  updates_ns += other.updates_ns;
  removals_ns += other.removals_ns;
  commit_ns += other.commit_ns;
}

Result<std::unique_ptr<StatefulOperator>> MakeStatefulOperator(const PlanNode& node) {
  if (node.kind == PlanKind::kAggregate && !node.deduplicate) return StreamingAggregate::Make(node);
  if (node.kind == PlanKind::kAggregate) return StreamingDeduplicate::Make(node);
  if (node.kind == PlanKind::kLimit && node.limit && node.offset == 0) {
    return std::make_unique<StreamingLimit>(*node.limit, node.schema);
  }
  return NotSupported("A join of two streams is not supported by Sluice yet.");
}

}  // namespace sluice
