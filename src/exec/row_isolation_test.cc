// SPDX-License-Identifier: Apache-2.0
#include "exec/row_isolation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exec/scripted_rows.h"
#include "exec/task_pipeline.h"

namespace sluice {
namespace {

using scripted::BatchPtr;
using scripted::Column;
using scripted::FailAt;
using scripted::FailWhere;
using scripted::FunctionExpr;
using scripted::ProjectNode;
using scripted::ScanNode;
using scripted::ScriptedReader;
using scripted::Where;
using testing::ElementsAre;
using testing::IsEmpty;

using Values = std::vector<int64_t>;
using IsBad = std::function<bool(int64_t)>;

class Collected : public BadRowSink {
 public:
  Status Add(const SourceRecord& record, const Status& error) override {
    records.push_back(record.place + ": " + FindSparkError(error)->message);
    return static_cast<int>(records.size()) > limit ? UserError("TOO_MANY", "enough") : Status::OK();
  }
  std::vector<std::string> records;
  int limit = 1 << 20;
};

std::shared_ptr<arrow::Schema> Numbers() {
  return arrow::schema({arrow::field("n", arrow::int64())});
}

ExprPtr N() {
  return Column(Numbers(), "n");
}

std::vector<BatchPtr> Slices(const std::vector<Values>& slices) {
  std::vector<BatchPtr> batches;
  for (const Values& values : slices) {
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.AppendValues(values).ok());
    batches.push_back(
        arrow::RecordBatch::Make(Numbers(), static_cast<int64_t>(values.size()), {builder.Finish().ValueOrDie()}));
  }
  return batches;
}

// The slices that come out, as values of the first column.
Result<std::vector<Values>> RunPlan(const PlanPtr& plan, std::vector<Values> slices, BadRowSink* bad) {
  SLUICE_ASSIGN(auto pipeline, BuildTaskPipeline(*plan, std::make_unique<ScriptedReader>(Slices(slices)), {}, bad));
  std::vector<Values> out;
  for (;;) {
    SLUICE_ASSIGN(const auto slice, pipeline->Next());
    if (slice == nullptr) return out;
    EXPECT_GT(slice->num_rows(), 0);
    const auto& column = static_cast<const arrow::Int64Array&>(*slice->column(0));
    out.emplace_back(column.raw_values(), column.raw_values() + column.length());
  }
}

// Whether errors name their row or not.
class RowIsolationCases : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Errors, RowIsolationCases, testing::Bool(),
                         [](const auto& info) { return info.param ? "NameTheRow" : "NameNoRow"; });

TEST_P(RowIsolationCases, WhatFailsIsSetAsideAndTheRestStaysInItsSlices) {
  Values many;
  for (int64_t i = 0; i < 100; ++i) many.push_back(i);
  const std::vector<std::pair<const char*, IsBad>> cases = {
      {"none", [](int64_t) { return false; }},
      {"one", [](int64_t v) { return v == 41; }},
      {"first", [](int64_t v) { return v == 0; }},
      {"last", [](int64_t v) { return v == 99; }},
      {"both ends", [](int64_t v) { return v == 0 || v == 99; }},
      {"neighbours", [](int64_t v) { return v == 50 || v == 51; }},
      {"every third", [](int64_t v) { return v % 3 == 0; }},
      {"all but one", [](int64_t v) { return v != 7; }},
      {"all", [](int64_t) { return true; }},
  };
  for (const auto& [name, bad] : cases) {
    SCOPED_TRACE(name);
    Collected collected;
    const auto out = RunPlan(ProjectNode(ScanNode(Numbers(), true), {FailWhere(N(), bad, GetParam())}),
                             {many, {1000}, many}, &collected)
                         .ValueOrDie();
    std::vector<std::string> expected;
    Values good;
    for (const int64_t v : many) {
      if (bad(v))
        expected.push_back(fmt::format("p0 row {}: bad value {}", v, v));
      else
        good.push_back(v);
    }
    const size_t each = expected.size();
    if (bad(1000)) expected.push_back("p0 row 100: bad value 1000");
    for (size_t i = 0; i < each; ++i) {
      const std::string& text = expected[i];
      const int64_t value = std::stoll(text.substr(text.rfind(' ')));
      expected.push_back(fmt::format("p0 row {}: bad value {}", 101 + value, value));
    }
    EXPECT_EQ(collected.records, expected);
    std::vector<Values> slices;
    if (!good.empty()) slices.push_back(good);
    if (!bad(1000)) slices.push_back({1000});
    if (!good.empty()) slices.push_back(good);
    EXPECT_EQ(out, slices);
  }
}

TEST(RowIsolation, ARowIsFoundThroughFiltersAndProjectionsThatLostRowsThemselves) {
  // 1 fails in the lower projection, 4 in the filter, odd rows are filtered out, 6 fails in the upper projection.
  const auto lower = ProjectNode(ScanNode(Numbers(), true), {FailAt(N(), 1)});
  const auto even = MakeFilter(lower, Where(FailAt(N(), 4), [](int64_t v) { return v % 2 == 0; }));
  const auto upper = ProjectNode(even, {FailAt(N(), 6)});
  Collected collected;
  EXPECT_THAT(RunPlan(upper, {{9, 8, 1, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8}}, &collected).ValueOrDie(),
              ElementsAre(Values{8, 2}, Values{0, 2, 8}));
  EXPECT_THAT(collected.records, ElementsAre("p0 row 2: bad value 1", "p0 row 5: bad value 1", "p0 row 8: bad value 4",
                                             "p0 row 10: bad value 6"));
}

TEST(RowIsolation, ARowThatOnlyAnErrorBlamesIsKept) {
  // The error names the row after the bad one.
  const auto misled = std::make_shared<FunctionExpr>(
      arrow::int64(), std::vector<ExprPtr>{N()}, [](const auto& args) -> Result<std::shared_ptr<arrow::Array>> {
        const auto& values = static_cast<const arrow::Int64Array&>(*args[0]);
        for (int64_t i = 0; i < values.length(); ++i) {
          if (values.Value(i) == 3) return WithRow(UserError("DIVIDE_BY_ZERO", "three"), i + 1);
        }
        return args[0];
      });
  Collected collected;
  EXPECT_THAT(RunPlan(ProjectNode(ScanNode(Numbers(), true), {misled}), {{1, 2, 3, 4, 5}}, &collected).ValueOrDie(),
              ElementsAre(Values{1, 2, 4, 5}));
  EXPECT_THAT(collected.records, ElementsAre("p0 row 2: three"));
}

TEST(RowIsolation, ErrorsOfNoRowStillFail) {
  for (const Status& error : {UserError("INVALID_PATTERN", "of the query"), Status::OutOfMemory("no more"),
                              WithRow(EnvironmentError("SLUICE_IO", "a disk"), 0)}) {
    const auto broken =
        std::make_shared<FunctionExpr>(arrow::int64(), std::vector<ExprPtr>{N()},
                                       [error](const auto&) -> Result<std::shared_ptr<arrow::Array>> { return error; });
    Collected collected;
    EXPECT_EQ(RunPlan(ProjectNode(ScanNode(Numbers(), true), {broken}), {{1, 2}}, &collected).status().code(),
              error.code());
    EXPECT_THAT(collected.records, IsEmpty());
  }
}

TEST(RowIsolation, WithoutASinkTheFirstErrorIsTheResultWithItsPlace) {
  const auto plan = ProjectNode(ScanNode(Numbers(), true), {FailWhere(N(), [](int64_t v) { return v > 1; })});
  const Status status = RunPlan(plan, {{1}, {1, 2, 3}}, nullptr).status();
  ASSERT_NE(FindSparkError(status), nullptr) << status;
  EXPECT_EQ(FindSparkError(status)->context, "p0 row 2");
}

TEST(RowIsolation, TheSinksErrorEndsTheTask) {
  Collected collected;
  collected.limit = 1;
  const auto plan = ProjectNode(ScanNode(Numbers(), true), {FailWhere(N(), [](int64_t v) { return v > 1; })});
  EXPECT_TRUE(HasErrorClass(RunPlan(plan, {{1, 2, 3, 4}}, &collected).status(), "TOO_MANY"));
  EXPECT_EQ(collected.records.size(), 2u);
}

// A constant that cannot be used fails whatever the rows are: that is no reason to set all of them aside.
TEST(RowIsolation, AnErrorThatComesWithoutRowsTooIsTheQuerys) {
  const auto broken = std::make_shared<FunctionExpr>(
      arrow::int64(), std::vector<ExprPtr>{N()}, [](const auto&) -> Result<std::shared_ptr<arrow::Array>> {
        return UserError("INVALID_PARAMETER_VALUE.PATTERN", "the pattern '(' cannot be read");
      });
  Collected collected;
  const auto out = RunPlan(ProjectNode(ScanNode(Numbers(), true), {broken}), {{1, 2, 3}}, &collected);
  EXPECT_TRUE(HasErrorClass(out.status(), "INVALID_PARAMETER_VALUE.PATTERN")) << out.status();
  EXPECT_THAT(collected.records, IsEmpty());
}

}  // namespace
}  // namespace sluice
