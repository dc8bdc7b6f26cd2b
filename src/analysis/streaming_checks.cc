// SPDX-License-Identifier: Apache-2.0
#include "analysis/streaming_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "plan/event_time.h"
#include "plan/rules.h"
#include "plan/session_windows.h"
#include "plan/stream_join.h"

namespace sluice {
namespace {

// Spark gives no better name to what no streaming query may do, whatever its mode.
constexpr char kUnsupportedOperation[] = "_LEGACY_ERROR_TEMP_3102";

// What a plan does on its streaming side.
struct Operations {
  int aggregations = 0;
  int deduplications = 0;
  int sorts = 0;
  int sorts_of_groups = 0;  // of these, over an aggregation
  int limits = 0;
  int offsets = 0;
  bool distinct_aggregate = false;
  bool without_watermark = false;    // an aggregation none of whose keys is an event time
  bool sessions = false;             // an aggregation by sessions
  bool within_no_watermark = false;  // dropDuplicatesWithinWatermark of rows without an event time
  bool over_aggregation = false;     // something with state stands above an aggregation
  bool mixed_union = false;          // of streams and batch relations
  bool windows = false;              // functions OVER other rows
  bool table_kept = false;           // a join gives a table's rows that no row of the stream meets
  std::vector<PlanPtr> joins;        // of two streams
};

// A join of a table with a stream, which stands on the left after Optimize where it can.
bool KeepsTable(const PlanNode& join) {
  const JoinType type = join.Get<plan::Join>().type;
  if (type == JoinType::kFull) return true;
  const bool stream_left = IsStreaming(*join.inputs[0]);
  if (stream_left) return type == JoinType::kRight;
  return type != JoinType::kInner && type != JoinType::kRight;
}

bool HasEventTimeKey(const PlanNode& node) {
  const std::vector<EventTimeMark> marks = EventTimesOf(node);
  return std::any_of(marks.begin(),
                     marks.begin() + static_cast<std::ptrdiff_t>(node.Get<plan::Aggregate>().keys.size()),
                     [](const EventTimeMark& mark) { return mark.delay_ms.has_value(); });
}

// Whether the rows that the join gives without a partner, or keeps until they have one, ever leave.
bool EndsForUnmatched(const PlanPtr& join) {
  const PlanPtr sorted = JoinConditions(join);
  const JoinEviction left = EvictionOf(*sorted, JoinSide::kLeft);
  const JoinEviction right = EvictionOf(*sorted, JoinSide::kRight);
  if (left.key) return true;
  switch (join->Get<plan::Join>().type) {
    case JoinType::kRight:
      return !right.bounds.empty();
    case JoinType::kFull:
      return !left.bounds.empty() || !right.bounds.empty();
    default:
      return !left.bounds.empty();
  }
}

bool AggregatesBelow(const PlanNode& node) {
  if (const auto* aggregate = node.As<plan::Aggregate>(); aggregate != nullptr && !aggregate->deduplicate) return true;
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [](const PlanPtr& input) { return AggregatesBelow(*input); });
}

// DISTINCT of SQL is an aggregation for Spark, and cannot be told from dropDuplicates here.
bool GroupsBelow(const PlanNode& node) {
  if (!IsStreaming(node)) return false;
  if (node.Is<plan::Aggregate>()) return true;
  return std::any_of(node.inputs.begin(), node.inputs.end(), [](const PlanPtr& input) { return GroupsBelow(*input); });
}

template <typename Op>
void Note(const Op&, const PlanPtr&, Operations*) {}

void Note(const plan::Aggregate& aggregate, const PlanPtr& plan, Operations* found) {
  const PlanNode& input = *plan->inputs[0];
  if (aggregate.deduplicate) {
    ++found->deduplications;
  } else {
    ++found->aggregations;
    found->without_watermark |= !HasEventTimeKey(*plan);
    found->sessions |= SessionKeyOf(*plan) >= 0;
  }
  if (aggregate.within_watermark) found->within_no_watermark |= EventTimeColumn(EventTimesOf(input)) < 0;
  found->over_aggregation |= GroupsBelow(input);
  for (const AggregateCall& call : aggregate.calls) found->distinct_aggregate |= call.distinct;
}

void Note(const plan::Sort&, const PlanPtr& plan, Operations* found) {
  ++found->sorts;
  found->sorts_of_groups += AggregatesBelow(*plan) ? 1 : 0;
}

void Note(const plan::Limit& limit, const PlanPtr&, Operations* found) {
  found->limits += limit.rows ? 1 : 0;
  found->offsets += limit.offset > 0 || !limit.rows ? 1 : 0;
}

void Note(const plan::Window&, const PlanPtr&, Operations* found) {
  found->windows = true;
}

void Note(const plan::Join&, const PlanPtr& plan, Operations* found) {
  if (JoinsStreams(*plan)) {
    found->joins.push_back(plan);
    found->over_aggregation |= AggregatesBelow(*plan->inputs[0]) || AggregatesBelow(*plan->inputs[1]);
  } else {
    found->table_kept |= KeepsTable(*plan);
  }
}

void Note(const plan::Union&, const PlanPtr& plan, Operations* found) {
  found->mixed_union |=
      !std::all_of(plan->inputs.begin(), plan->inputs.end(), [](const PlanPtr& input) { return IsStreaming(*input); });
}

void Collect(const PlanPtr& plan, Operations* found) {
  if (!IsStreaming(*plan)) return;
  std::visit([&](const auto& op) { Note(op, plan, found); }, plan->op);
  for (const PlanPtr& input : plan->inputs) Collect(input, found);
}

// "append" as Spark's texts have it, and what it does not go with.
Status ModeError(const std::string& mode, const std::string& what) {
  return UserError(
      "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
      fmt::format("Invalid streaming output mode: {}. This output mode is not supported for {} on streaming "
                  "DataFrames/DataSets.",
                  mode, what),
      {{"outputMode", mode}, {"operation", what}});
}

Status NoStreamMay(const std::string& what) {
  return UserError(kUnsupportedOperation, what + " has no meaning on a stream, which has no end.");
}

const char* NameOf(JoinType type) {
  switch (type) {
    case JoinType::kInner:
      return "Inner";
    case JoinType::kLeft:
      return "LeftOuter";
    case JoinType::kRight:
      return "RightOuter";
    case JoinType::kFull:
      return "FullOuter";
    case JoinType::kLeftSemi:
      return "LeftSemi";
    default:
      return "LeftAnti";
  }
}

// As Spark: rows without a partner must be able to leave, and leave in append.
Status CheckStreamJoin(const PlanPtr& join, const std::string& mode) {
  const JoinType type = join->Get<plan::Join>().type;
  const char* name = NameOf(type);
  switch (type) {
    case JoinType::kInner:
    case JoinType::kLeftSemi:
    case JoinType::kLeft:
    case JoinType::kRight:
    case JoinType::kFull:
      break;
    default:
      return UserError(kUnsupportedOperation,
                       fmt::format("{} joins with a streaming DataFrame/Dataset on the right are not supported", name));
  }
  const bool outer = type != JoinType::kInner && type != JoinType::kLeftSemi;
  if (mode == "complete" || (outer && mode != "append")) {
    return UserError(
        kUnsupportedOperation,
        fmt::format("{} join between two streaming DataFrames/Datasets is not supported in {} output mode, "
                    "only in append output mode",
                    name, mode));
  }
  if (type == JoinType::kInner || EndsForUnmatched(join)) return Status::OK();
  return UserError(kUnsupportedOperation,
                   fmt::format("Stream-stream {} join between two streaming DataFrame/Datasets is not supported "
                               "without a watermark in the join keys, or a watermark on the nullable side and an "
                               "appropriate range condition",
                               name));
}

// What Spark refuses, in its order.
Status CheckAsSpark(const Operations& found, const std::string& mode) {
  const bool grouped = found.aggregations > 0;
  if (mode == "complete" && !grouped) return ModeError("complete", "no streaming aggregations");
  if (mode == "append" && grouped && found.without_watermark) {
    return ModeError("append", "streaming aggregations without watermark");
  }
  if (mode == "update" && found.sessions) return ModeError("update", "session window streaming aggregations");
  if (mode != "append" && found.over_aggregation) {
    return UserError(
        kUnsupportedOperation,
        "Detected pattern of possible 'correctness' issue due to global watermark. The query contains "
        "stateful operation which can emit rows older than the current watermark plus allowed late record "
        "delay, which are \"late rows\" in downstream stateful operations and these rows can be discarded. "
        "Use the output mode append.");
  }
  for (const PlanPtr& join : found.joins) SLUICE_RETURN_IF_ERROR(CheckStreamJoin(join, mode));
  if (found.distinct_aggregate) {
    return UserError(kUnsupportedOperation,
                     "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider using "
                     "approx_count_distinct() instead.");
  }
  if (found.within_no_watermark) {
    return UserError(kUnsupportedOperation,
                     "dropDuplicatesWithinWatermark is not supported on streaming DataFrames/DataSets without "
                     "watermark");
  }
  if (found.windows) {
    return UserError("NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING",
                     "A window function (OVER) has no meaning on a stream, which has no end; group by window(..) of a "
                     "time instead.",
                     {{"windowFunc", "OVER"}, {"columnName", ""}, {"windowSpec", ""}});
  }
  if (found.sorts > (mode == "complete" ? found.sorts_of_groups : 0)) return NoStreamMay("ORDER BY");
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

// Whether a watermark is set on rows that have one. What an aggregation gives may have one anew.
bool RedefinesWatermark(const PlanNode& node, bool set_above = false) {
  const bool sets = node.Is<plan::Watermark>();
  if (sets && set_above) return true;
  const bool set = sets || (set_above && !node.Is<plan::Aggregate>());
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [&](const PlanPtr& input) { return RedefinesWatermark(*input, set); });
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
  Collect(std::make_shared<PlanNode>(plan), &found);
  SLUICE_RETURN_IF_ERROR(CheckAsSpark(found, mode));
  // Spark starts such a query, and fails in the first batch that has a watermark.
  if (RedefinesWatermark(plan)) {
    return UserError("_LEGACY_ERROR_TEMP_3076",
                     "Redefining watermark is disallowed: the rows have one already. Leave out the first of the two.");
  }
  return Status::OK();
}

}  // namespace sluice
