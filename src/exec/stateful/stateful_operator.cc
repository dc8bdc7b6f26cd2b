// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/stateful_operator.h"

#include <algorithm>

#include "base/spark_error.h"
#include "exec/stateful/state_formats.h"
#include "exec/stateful/stream_join.h"
#include "exec/stateful/streaming_aggregate.h"
#include "exec/stateful/streaming_deduplicate.h"
#include "exec/stateful/streaming_limit.h"
#include "exec/stateful/streaming_sessions.h"
#include "plan/event_time.h"
#include "plan/session_windows.h"
#include "plan/stream_join.h"

namespace sluice {
namespace {

bool JoinsStreamsBelow(const PlanNode& node) {
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [](const PlanPtr& input) { return JoinsStreams(*input) || JoinsStreamsBelow(*input); });
}

// Behind a join there may be an event time of each side: by which a row is late cannot be told.
Status CheckOneEventTime(const PlanNode& node) {
  const auto count = [](const PlanNode& rows) {
    const std::vector<EventTimeMark> marks = EventTimesOf(rows);
    return std::count_if(marks.begin(), marks.end(),
                         [](const EventTimeMark& mark) { return mark.delay_ms.has_value(); });
  };
  const bool joins = node.Is<plan::Join>();
  const bool several = joins ? count(*node.inputs[0]) > 1 || count(*node.inputs[1]) > 1
                             : node.Is<plan::Aggregate>() && JoinsStreamsBelow(node) && count(node) > 1;
  if (!several) return Status::OK();
  return UserError(
      "_LEGACY_ERROR_TEMP_3077",
      "More than one event time columns are available. Please ensure there is at most one event time column "
      "per stream: leave out the others behind the join, or cast them.");
}

}  // namespace

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
  return MakeStatefulOperator(node, StateFormats());
}

Result<std::unique_ptr<StatefulOperator>> MakeStatefulOperator(const PlanNode& node, const StateFormats& formats) {
  SLUICE_RETURN_IF_ERROR(CheckOneEventTime(node));
  if (const auto* aggregate = node.As<plan::Aggregate>()) {
    if (aggregate->deduplicate) return StreamingDeduplicate::Make(node);
    const int session = SessionKeyOf(node);
    if (session >= 0) return StreamingSessions::Make(node, session);
    return StreamingAggregate::Make(node, formats.keys_in_values);
  }
  const auto* limit = node.As<plan::Limit>();
  if (limit != nullptr && limit->rows && limit->offset == 0) {
    return std::make_unique<StreamingLimit>(*limit->rows, node.schema);
  }
  if (JoinsStreams(node)) return StreamJoin::Make(node, formats.matched_flags);
  return InternalError("a node that keeps no state was to be a step");
}

}  // namespace sluice
