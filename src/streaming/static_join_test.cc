// SPDX-License-Identifier: Apache-2.0
// A stream joined with a table: the table is read for each batch, as it is then.
#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <map>

#include "base/spark_error.h"
#include "streaming/stream_script.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::Schema> TableSchema() {
  return arrow::schema({arrow::field("k", arrow::int64()), arrow::field("name", arrow::utf8_view())});
}

PlanPtr LocalTable(const std::string& json) {
  const auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(TableSchema()->fields()), json).ValueOrDie();
  const auto batch = arrow::RecordBatch::FromStructArray(rows).ValueOrDie();
  plan::LocalRows local{{arrow::RecordBatch::Make(TableSchema(), batch->num_rows(), batch->columns())}};
  return MakeNode(std::move(local), {}, TableSchema());
}

// The stream's second column, value, is the table's first one.
PlanPtr Joined(const PlanPtr& stream, const PlanPtr& table, JoinType type) {
  const JoinKey key{std::make_shared<ColumnExpr>(1, "value", arrow::int64(), true),
                    std::make_shared<ColumnExpr>(2, "k", arrow::int64(), true), false};
  arrow::FieldVector fields = stream->schema->fields();
  const bool left_only = type == JoinType::kLeftSemi || type == JoinType::kLeftAnti;
  if (!left_only) fields.insert(fields.end(), table->schema->fields().begin(), table->schema->fields().end());
  return MakeNode(plan::Join{type, {key}, {}}, {stream, table}, arrow::schema(std::move(fields)));
}

int64_t RowsOf(StreamScript& script, const PlanPtr& plan) {
  QuerySpec spec = script.Spec({TriggerKind::kOnce, 0});
  spec.plan = plan;
  spec.sink_format = "memory";
  spec.sink_path.clear();
  spec.name = "joined";
  const auto query = script.Start(spec).ValueOrDie();
  EXPECT_TRUE(query->AwaitTermination(std::nullopt).ok());
  return query->last_progress()->output_rows;
}

constexpr char kTwoOfTen[] = R"([{"k": 3, "name": "three"}, {"k": 7, "name": "seven"}, {"k": 70, "name": "none"}])";

TEST(StaticJoin, EveryTypeThatAStreamMayHave) {
  const std::map<JoinType, int64_t> rows = {
      {JoinType::kInner, 2}, {JoinType::kLeft, 10}, {JoinType::kLeftSemi, 2}, {JoinType::kLeftAnti, 8}};
  for (const auto& [type, expected] : rows) {
    StreamScript script;
    EXPECT_EQ(RowsOf(script, Joined(script.Spec().plan, LocalTable(kTwoOfTen), type)), expected)
        << static_cast<int>(type);
  }
}

TEST(StaticJoin, TheTableOnceMoreIsAnotherTable) {
  StreamScript script;
  const PlanPtr table = LocalTable(kTwoOfTen);
  const PlanPtr once = Joined(script.Spec().plan, table, JoinType::kLeft);
  auto twice = std::make_shared<PlanNode>(*Joined(once, table, JoinType::kInner));
  // By k + 0 of the first join, which is NULL where it had no partner, instead of value.
  twice->Get<plan::Join>().keys = {{std::make_shared<ColumnExpr>(2, "k", arrow::int64(), true),
                                    std::make_shared<ColumnExpr>(4, "k", arrow::int64(), true), false}};
  EXPECT_EQ(RowsOf(script, twice), 2);
}

TEST(StaticJoin, WhatDoesNotFitFailsByName) {
  StreamScript script;
  std::string json = "[";
  for (int i = 0; i < 400'000; ++i) json += (i > 0 ? "," : "") + std::string("{\"k\":") + std::to_string(i) + "}";
  QuerySpec spec = script.Spec();
  spec.plan = Joined(spec.plan, LocalTable(json + "]"), JoinType::kInner);
  const int64_t all = script.budget().limit() - script.budget().used() - (4 << 20);
  ASSERT_TRUE(const_cast<MemoryBudget&>(script.budget()).TryTake(all));
  const auto query = script.Start(spec).ValueOrDie();
  const Status ended = query->AwaitTermination(std::nullopt).status();
  const_cast<MemoryBudget&>(script.budget()).Give(all);
  EXPECT_TRUE(HasErrorClass(ended, "SLUICE_MEMORY_BUDGET")) << ended;
}

}  // namespace
}  // namespace sluice
