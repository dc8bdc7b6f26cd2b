// SPDX-License-Identifier: Apache-2.0
#include "analysis/streaming_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

// Spark gives no better name to what no streaming query may do, whatever its mode.
constexpr char kUnsupportedOperation[] = "_LEGACY_ERROR_TEMP_3102";

// What a plan does on its streaming side.
struct Operations {
  int aggregations = 0;
  int deduplications = 0;
  int sorts = 0;
  int limits = 0;
  int offsets = 0;
  bool distinct_aggregate = false;
  bool sort_over_aggregation = false;
  bool mixed_union = false;  // of streams and batch relations
  bool two_streams = false;  // joined
  bool table_kept = false;   // a join gives a table's rows that no row of the stream meets
};

// A join of a table with a stream, which stands on the left after Optimize where it can.
bool KeepsTable(const PlanNode& join) {
  if (join.join == JoinType::kFull) return true;
  const bool stream_left = IsStreaming(*join.inputs[0]);
  if (stream_left) return join.join == JoinType::kRight;
  return join.join != JoinType::kInner && join.join != JoinType::kRight;
}

bool AggregatesBelow(const PlanNode& node) {
  if (node.kind == PlanKind::kAggregate && !node.deduplicate) return true;
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [](const PlanPtr& input) { return AggregatesBelow(*input); });
}

void Collect(const PlanNode& node, Operations* found) {
  if (!IsStreaming(node)) return;
  switch (node.kind) {
    case PlanKind::kAggregate:
      (node.deduplicate ? found->deduplications : found->aggregations)++;
      for (const AggregateCall& call : node.aggregates) found->distinct_aggregate |= call.distinct;
      break;
    case PlanKind::kSort:
      ++found->sorts;
      found->sort_over_aggregation = AggregatesBelow(node);
      break;
    case PlanKind::kLimit:
      found->limits += node.limit ? 1 : 0;
      found->offsets += node.offset > 0 || !node.limit ? 1 : 0;
      break;
    case PlanKind::kJoin:
      if (IsStreaming(*node.inputs[0]) && IsStreaming(*node.inputs[1])) {
        found->two_streams = true;
      } else {
        found->table_kept |= KeepsTable(node);
      }
      break;
    case PlanKind::kUnion:
      found->mixed_union |= !std::all_of(node.inputs.begin(), node.inputs.end(),
                                         [](const PlanPtr& input) { return IsStreaming(*input); });
      break;
    default:
      break;
  }
  for (const PlanPtr& input : node.inputs) Collect(*input, found);
}

Status ModeError(const std::string& mode, const std::string& what) {
  return UserError("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                   fmt::format("The output mode {} does not go with {}.", mode, what),
                   {{"outputMode", mode}, {"operation", what}});
}

Status NoStreamMay(const std::string& what) {
  return UserError(kUnsupportedOperation, what + " has no meaning on a stream, which has no end.");
}

// What Spark refuses, in its order.
Status CheckAsSpark(const Operations& found, const std::string& mode) {
  const bool grouped = found.aggregations > 0;
  if (mode == "complete" && !grouped && found.deduplications == 0) {
    return ModeError("complete", "a query without aggregation");
  }
  if (mode == "append" && grouped) {
    return ModeError("append",
                     "an aggregation without a watermark (Sluice has no GROUP BY on a stream yet; group the "
                     "table that the stream writes)");
  }
  if (mode != "append" && found.aggregations + found.deduplications > 1)
    return NoStreamMay("More than one aggregation");
  if (found.distinct_aggregate) return NoStreamMay("An aggregate with DISTINCT");
  if (found.sorts > 0 && !(mode == "complete" && found.sort_over_aggregation)) return NoStreamMay("ORDER BY");
  if (found.offsets > 0) return NoStreamMay("OFFSET");
  if (found.table_kept) {
    return UserError(kUnsupportedOperation,
                     "A join may not give rows of the table that no row of the stream meets: the stream has no end.");
  }
  if (found.mixed_union)
    return UserError(kUnsupportedOperation, "A UNION cannot have both streams and batch relations.");
  if (found.limits > 0 && mode == "update") return NoStreamMay("LIMIT in the output mode update");
  return Status::OK();
}

}  // namespace

Status CheckStreamingPlan(const PlanNode& plan, const std::string& output_mode) {
  const std::string mode = output_mode.empty() ? "append" : sql::LowerCase(output_mode);
  if (mode != "append" && mode != "update" && mode != "complete") {
    return UserError("STREAMING_OUTPUT_MODE.INVALID",
                     fmt::format("'{}' is no output mode: use append, update or complete.", output_mode),
                     {{"outputMode", output_mode}});
  }
  if (!IsStreaming(plan)) {
    return UserError("WRITE_STREAM_NOT_ALLOWED",
                     "writeStream needs a streaming relation: one made by readStream, or in SQL FROM STREAM "
                     "read_kafka(..).");
  }
  Operations found;
  Collect(plan, &found);
  SLUICE_RETURN_IF_ERROR(CheckAsSpark(found, mode));
  if (found.two_streams) return NotSupported("A join of two streams is not supported by Sluice yet.");
  if (found.aggregations > 0) return NotSupported("A streaming aggregation (GROUP BY) is not supported by Sluice yet.");
  if (found.deduplications > 0) {
    return NotSupported("dropDuplicates and DISTINCT on a stream are not supported by Sluice yet.");
  }
  if (found.limits > 0) return NotSupported("LIMIT on a stream is not supported by Sluice yet.");
  return Status::OK();
}

}  // namespace sluice
