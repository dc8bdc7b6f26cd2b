// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "expr/aggregate.h"
#include "streaming/stream_script.h"
#include "types/spark_type.h"

namespace sluice {

// For tests of a query that keeps state, each batch a run of its own: what a restart finds is what the files say.

inline ExprPtr ColumnOf(const PlanNode& node, int index) {
  const auto& field = *node.schema->field(index);
  return std::make_shared<ColumnExpr>(index, field.name(), field.type(), field.nullable());
}

// withWatermark(time, delay).groupBy(window(time, length), key).count(); time and key by their columns.
inline PlanPtr CountByWindow(const PlanPtr& stream, int time, int key, int64_t delay_ms, int64_t length_ms) {
  const PlanPtr marked = MakeNode(plan::Watermark{ColumnOf(*stream, time), delay_ms}, {stream}, stream->schema);
  const auto type = arrow::struct_({arrow::field("start", TimestampType()), arrow::field("end", TimestampType())});
  const int window = marked->schema->num_fields();
  const PlanPtr windows =
      MakeNode(plan::TimeWindow{ColumnOf(*marked, time), nullptr, {length_ms * 1000, length_ms * 1000, 0}}, {marked},
               marked->schema->AddField(window, arrow::field("window", type, false)).ValueOrDie());
  plan::Aggregate groups{{ColumnOf(*windows, window), ColumnOf(*windows, key)},
                         {ResolveAggregate("count", {}, false, true).ValueOrDie()}};
  return MakeNode(std::move(groups), {windows},
                  arrow::schema({windows->schema->field(window), windows->schema->field(key),
                                 arrow::field("count", arrow::int64(), false)}));
}

// A second of event time a batch, windows of two seconds, two seconds of delay, two partitions.
inline QuerySpec StatefulSpec(const StreamScript& script) {
  QuerySpec spec = script.Spec({TriggerKind::kOnce, 0});
  auto scan = std::make_shared<PlanNode>(*spec.plan);
  scan->Get<plan::Scan>().source.options["startTimestamp"] = "1700000000000";
  spec.plan = CountByWindow(scan, 0, 1, 2000, 2000);
  EXPECT_TRUE(spec.conf.Set("spark.sql.shuffle.partitions", "2").ok());
  return spec;
}

inline Result<QueryProgress> RunOne(StreamScript& script, const QuerySpec& spec) {
  SLUICE_ASSIGN(const auto query, script.Start(spec));
  SLUICE_RETURN_IF_ERROR(query->AwaitTermination(std::nullopt).status());
  return *query->last_progress();
}

}  // namespace sluice
