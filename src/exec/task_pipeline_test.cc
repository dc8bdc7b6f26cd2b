// SPDX-License-Identifier: Apache-2.0
#include "exec/task_pipeline.h"

#include <gtest/gtest.h>

#include "exec/scripted_rows.h"

namespace sluice {
namespace {

using scripted::BatchPtr;
using scripted::Column;
using scripted::FailAt;
using scripted::ProjectNode;
using scripted::Rows;
using scripted::ScanNode;
using scripted::ScriptedReader;
using scripted::Where;

std::shared_ptr<arrow::Schema> KeyAndText() {
  return arrow::schema({arrow::field("n", arrow::int64()), arrow::field("s", StringType())});
}

using Kind = plan::Repartition::Kind;

PlanPtr Repartition(const PlanPtr& input, int partitions, Kind kind, std::vector<SortKey> keys = {}) {
  return scripted::Over(input, plan::Repartition{kind, partitions, std::move(keys)});
}

Result<BatchPtr> RunTask(const PlanPtr& plan, std::vector<BatchPtr> slices) {
  EvalContext context;
  SLUICE_ASSIGN(auto pipeline, BuildTaskPipeline(*plan, std::make_unique<ScriptedReader>(std::move(slices)), context));
  return scripted::Drain(*pipeline);
}

TEST(TaskPipeline, FiltersAndProjectsSliceBySlice) {
  const auto schema = KeyAndText();
  const auto scan = ScanNode(schema, true);
  const auto even = MakeFilter(scan, Where(Column(schema, "n"), [](int64_t v) { return v % 2 == 0; }));
  const auto plan = ProjectNode(even, {Column(schema, "s"), Column(schema, "n")});
  auto result = RunTask(plan, {Rows(schema, R"([{"n": 1, "s": "one"}, {"n": 2, "s": "a string beyond twelve bytes"}])"),
                               Rows(schema, R"([{"n": 3, "s": "three"}, {"n": null, "s": "null"}])"),
                               Rows(schema, "[]"), Rows(schema, R"([{"n": 4, "s": null}, {"n": 6, "s": "six"}])")});
  ASSERT_TRUE(result.ok()) << result.status();
  const auto expected = Rows(plan->schema, R"([{"c0": "a string beyond twelve bytes", "c1": 2},
                                              {"c0": null, "c1": 4}, {"c0": "six", "c1": 6}])");
  EXPECT_TRUE((*result)->Equals(*expected)) << (*result)->ToString();
}

TEST(TaskPipeline, AnErrorAboveAFilterNamesTheRowOfTheScan) {
  const auto schema = KeyAndText();
  const auto scan = ScanNode(schema, true);
  const auto odd = MakeFilter(scan, Where(Column(schema, "n"), [](int64_t v) { return v % 2 == 1; }));
  const auto big = MakeFilter(odd, Where(Column(schema, "n"), [](int64_t v) { return v > 4; }));
  const auto plan = ProjectNode(big, {FailAt(Column(schema, "n"), 9)});
  auto result = RunTask(plan, {Rows(schema, R"([{"n": 1}, {"n": 5}])"),
                               Rows(schema, R"([{"n": 2}, {"n": 3}, {"n": 5}, {"n": 8}, {"n": 9}, {"n": 11}])")});
  const SparkErrorDetail* detail = FindSparkError(result.status());
  ASSERT_NE(detail, nullptr) << result.status();
  EXPECT_EQ(detail->error_class, "DIVIDE_BY_ZERO");
  EXPECT_EQ(detail->context, "p0 row 6");
}

TEST(TaskPipeline, AnErrorInsideAFilterNamesTheRowOfTheScan) {
  const auto schema = KeyAndText();
  const auto plan =
      MakeFilter(ScanNode(schema, true), Where(FailAt(Column(schema, "n"), 8), [](int64_t) { return true; }));
  auto result = RunTask(plan, {Rows(schema, R"([{"n": 1}, {"n": 2}])"), Rows(schema, R"([{"n": 3}, {"n": 8}])")});
  ASSERT_NE(FindSparkError(result.status()), nullptr);
  EXPECT_EQ(FindSparkError(result.status())->context, "p0 row 3");
}

TEST(TaskPipeline, AReaderThatBreaksItsPromiseIsABug) {
  const auto schema = KeyAndText();
  auto other = arrow::schema({arrow::field("n", arrow::int32()), arrow::field("s", StringType())});
  auto result = RunTask(ScanNode(schema, true), {Rows(other, R"([{"n": 1, "s": "x"}])")});
  ASSERT_NE(FindSparkError(result.status()), nullptr);
  EXPECT_EQ(FindSparkError(result.status())->kind, ErrorKind::kBug);
}

TEST(ColumnsToRead, AreThoseOfTheSchema) {
  const auto scan = ScanNode(KeyAndText(), true);
  EXPECT_EQ(ColumnsToRead(*scan), (std::vector<int>{0, 1}));
  scan->Get<plan::Scan>().source.columns = {3, 5};
  EXPECT_EQ(ColumnsToRead(*scan), (std::vector<int>{3, 5}));
}

TEST(ShapeOf, FindsScanAndRepartition) {
  const auto schema = KeyAndText();
  const auto scan = ScanNode(schema, true);
  const auto project = ProjectNode(scan, {Column(schema, "s")});
  auto plain = ShapeOf(project);
  ASSERT_TRUE(plain.ok());
  ASSERT_EQ(plain->branches.size(), 1U);
  EXPECT_EQ(plain->branches[0].rows, project);
  EXPECT_EQ(plain->branches[0].bottom, scan);
  EXPECT_FALSE(plain->repartition);

  auto coalesced = ShapeOf(Repartition(project, 2, Kind::kCoalesce));
  ASSERT_TRUE(coalesced.ok());
  EXPECT_EQ(coalesced->branches.at(0).rows, project);
  ASSERT_TRUE(coalesced->repartition);
  EXPECT_EQ(coalesced->repartition->partitions, 2);
  EXPECT_FALSE(coalesced->repartition->moves_rows());
}

TEST(ShapeOf, BringsARepartitionBelowProjectionsToTheTop) {
  const auto schema = KeyAndText();
  const auto scan = ScanNode(schema, true);
  auto shape = ShapeOf(ProjectNode(Repartition(scan, 3, Kind::kInTurn), {Column(schema, "s")}));
  ASSERT_TRUE(shape.ok()) << shape.status();
  ASSERT_TRUE(shape->repartition);
  EXPECT_EQ(shape->repartition->partitions, 3);
  EXPECT_TRUE(shape->repartition->moves_rows());
  const PlanPtr& rows = shape->branches.at(0).rows;
  ASSERT_TRUE(rows->Is<plan::Project>());
  EXPECT_EQ(rows->inputs.at(0), scan);
}

TEST(ShapeOf, TheKeysOfARepartitionAreFoundAgainAtTheTop) {
  const auto schema = KeyAndText();
  const auto scan = ScanNode(schema, true);
  const auto moved = Repartition(scan, 3, Kind::kByKeys, {{Column(schema, "n"), true, true}});
  auto shape = ShapeOf(MakeFilter(ProjectNode(moved, {Column(schema, "s"), Column(schema, "n")}),
                                  Where(Column(schema, "n"), [](int64_t v) { return v > 0; })));
  ASSERT_TRUE(shape.ok()) << shape.status();
  const auto* key = dynamic_cast<const ColumnExpr*>(shape->repartition->keys.at(0).expr.get());
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key->index(), 1);
}

TEST(ShapeOf, NumbersWhatKeepsStateFromTheSinkUpAndRunsItFromTheSourceDown) {
  const auto schema = KeyAndText();
  const auto scan = ScanNode(schema, true);
  const auto inner = MakeNode(plan::Aggregate(), {scan}, schema);
  const auto outer = MakeNode(plan::Aggregate(), {ProjectNode(inner, {Column(schema, "s")})}, schema);
  auto shape = ShapeOf(outer);
  ASSERT_TRUE(shape.ok()) << shape.status();
  ASSERT_EQ(shape->steps.size(), 2u);
  EXPECT_EQ(shape->steps[0].node, inner);
  EXPECT_EQ(shape->steps[0].id, 1);
  EXPECT_EQ(shape->steps[0].inputs.at(0).at(0).bottom, scan);
  EXPECT_EQ(shape->steps[1].node, outer);
  EXPECT_EQ(shape->steps[1].id, 0);
  EXPECT_EQ(shape->steps[1].inputs.at(0).at(0).step, std::optional<size_t>(0));
  EXPECT_EQ(shape->branches.at(0).step, std::optional<size_t>(1));
  EXPECT_EQ(shape->scans, std::vector<PlanPtr>{scan});
}

TEST(ShapeOf, RefusesWhatItCannotRunByName) {
  const auto schema = KeyAndText();
  const auto scan = ScanNode(schema, true);
  for (const auto& [plan, name] : std::vector<std::pair<PlanPtr, std::string>>{
           {MakeNode(plan::Sort(), {scan}, schema), "sort"},
           {ScanNode(schema, false), "batch read"},
           {Repartition(scan, 2, Kind::kByRange, {{Column(schema, "n"), true, true}}), "repartitionByRange"},
           {ProjectNode(Repartition(scan, 2, Kind::kByKeys, {{Column(schema, "n"), true, true}}),
                        {Column(schema, "s")}),
            "n is none"},
           {Repartition(Repartition(scan, 2, Kind::kInTurn), 1, Kind::kCoalesce), "second repartition"}}) {
    auto shape = ShapeOf(plan);
    ASSERT_FALSE(shape.ok()) << name;
    EXPECT_TRUE(HasErrorClass(shape.status(), "UNSUPPORTED_FEATURE.SLUICE"));
    EXPECT_NE(shape.status().message().find(name), std::string::npos) << shape.status();
  }
}

}  // namespace
}  // namespace sluice
