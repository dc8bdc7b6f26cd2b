// SPDX-License-Identifier: Apache-2.0
#include "exec/observe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exec/planner.h"
#include "exec/scripted_rows.h"
#include "plan/rules.h"

namespace sluice {
namespace {

using scripted::BatchPtr;
using scripted::Column;
using scripted::Rows;
using scripted::ScanNode;
using scripted::Where;

const auto kSchema = arrow::schema({arrow::field("a", arrow::int64())});

// count(1) and sum(a) under the names "rows" and "sum".
PlanPtr Observed(PlanPtr input, const std::string& name, const ExprPtr& summed) {
  const ExprPtr one = std::make_shared<LiteralExpr>(arrow::MakeScalar(int64_t{1}));
  std::vector<AggregateCall> calls = {ResolveAggregate("count", {one}, false, true).ValueOrDie(),
                                      ResolveAggregate("sum", {summed}, false, true).ValueOrDie()};
  auto observation = std::make_shared<Observation>();
  observation->name = name;
  observation->schema = arrow::schema({arrow::field("rows", calls[0].type), arrow::field("sum", calls[1].type)});
  observation->values = observation->schema;
  for (int i = 0; i < 2; ++i) {
    const auto& field = *observation->schema->field(i);
    observation->metrics.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), true));
  }
  return MakeObserve(std::move(input), {std::move(observation), std::move(calls), nullptr});
}

// Three partitions of 1, 2, 3 and 4, 5 and nothing.
PlannerContext Context(scripted::ReaderWatch* watch = nullptr) {
  PlannerContext context;
  context.threads = 2;
  context.open_source = [watch](const ScanSpec&) -> Result<std::unique_ptr<BatchSource>> {
    return std::make_unique<scripted::ScriptedSource>(
        std::vector<std::vector<BatchPtr>>{{Rows(kSchema, R"([{"a": 1}, {"a": 2}])"), Rows(kSchema, R"([{"a": 3}])")},
                                           {Rows(kSchema, R"([{"a": 4}, {"a": 5}])")},
                                           {}},
        watch);
  };
  return context;
}

// "m: 5, 15" for each observation after the plan has run.
std::vector<std::string> MetricsOf(const PlanPtr& plan, int64_t* rows = nullptr) {
  Measurements measurements;
  const PlanPtr measured = WithMeasurements(plan, nullptr, &measurements);
  {
    const auto run = PlanOperators(measured, Context()).ValueOrDie();
    const int64_t count = scripted::Drain(*run).ValueOrDie()->num_rows();
    if (rows != nullptr) *rows = count;
  }
  std::vector<std::string> texts;
  const auto observed = TakeMetrics(measurements).ValueOrDie();
  for (const ObservedMetrics& metrics : observed) {
    const auto text = [&](int i) { return FormatValue(*metrics.row->column(i), 0, "UTC").ValueOrDie(); };
    texts.push_back(metrics.name + ": " + text(0) + ", " + (metrics.row->column(1)->IsNull(0) ? "NULL" : text(1)));
  }
  return texts;
}

PlanPtr Scan() {
  auto scan = ScanNode(kSchema, false);
  scan->Get<plan::Scan>().source.columns = {0};
  return scan;
}

ExprPtr A() {
  return Column(kSchema, "a");
}

TEST(Observe, MeasuresAllParts) {
  int64_t rows = 0;
  EXPECT_THAT(MetricsOf(Observed(Scan(), "m", A()), &rows), testing::ElementsAre("m: 5, 15"));
  EXPECT_EQ(rows, 5);
}

TEST(Observe, RowsThatAreFilteredBelowAreNotSeenAndThoseAboveAre) {
  const auto big = [](int64_t value) { return value > 3; };
  EXPECT_THAT(MetricsOf(Observed(MakeFilter(Scan(), Where(A(), big)), "m", A())), testing::ElementsAre("m: 2, 9"));
  int64_t rows = 0;
  EXPECT_THAT(MetricsOf(MakeFilter(Observed(Scan(), "m", A()), Where(A(), big)), &rows),
              testing::ElementsAre("m: 5, 15"));
  EXPECT_EQ(rows, 2);
}

TEST(Observe, NoRowsGiveAggregatesOfNothing) {
  const auto none = [](int64_t) { return false; };
  EXPECT_THAT(MetricsOf(Observed(MakeFilter(Scan(), Where(A(), none)), "m", A())), testing::ElementsAre("m: 0, NULL"));
}

TEST(Observe, BelowALimitSeesTheRowsThatItLetsPass) {
  const PlanPtr limit = MakeNode(plan::Limit{1}, {Observed(Scan(), "m", A())}, kSchema);
  EXPECT_THAT(MetricsOf(limit), testing::ElementsAre("m: 1, 1"));
}

TEST(Observe, SeveralAreToldFromBelow) {
  const PlanPtr plan =
      Observed(MakeFilter(Observed(Scan(), "all", A()), Where(A(), [](int64_t v) { return v < 3; })), "some", A());
  EXPECT_THAT(MetricsOf(plan), testing::ElementsAre("all: 5, 15", "some: 2, 3"));
}

TEST(Observe, TwoOfANameAreToldOnce) {
  const PlanPtr both = MakeNode(plan::Union{}, {Observed(Scan(), "m", A()), Observed(Scan(), "m", A())}, kSchema);
  EXPECT_THAT(MetricsOf(both), testing::ElementsAre("m: 5, 15"));
}

TEST(Observe, SurvivesTheRulesAboveAndBelow) {
  const PlanPtr plan = MakeFilter(Observed(Scan(), "m", A()), Where(A(), [](int64_t v) { return v > 3; }));
  EXPECT_THAT(MetricsOf(Optimize(plan, EvalContext())), testing::ElementsAre("m: 5, 15"));
}

TEST(Observe, APlanThatNobodyMeasuresRuns) {
  const auto run = PlanOperators(Observed(Scan(), "m", A()), Context()).ValueOrDie();
  EXPECT_EQ(scripted::Drain(*run).ValueOrDie()->num_rows(), 5);
}

TEST(Observe, AMeasurementBeginsAnewOnceItWasTaken) {
  Measurements measurements;
  const PlanPtr measured = WithMeasurements(Observed(Scan(), "m", A()), nullptr, &measurements);
  for (int i = 0; i < 2; ++i) {
    {
      const auto run = PlanOperators(measured, Context()).ValueOrDie();
      ASSERT_TRUE(scripted::Drain(*run).ok());
    }
    const auto observed = TakeMetrics(measurements).ValueOrDie();
    EXPECT_EQ(static_cast<const arrow::Int64Array&>(*observed.at(0).row->column(0)).Value(0), 5);
  }
}

TEST(Observe, AnErrorOfAMetricHasTheRowsPlace) {
  const auto plan = Observed(Scan(), "m", scripted::FailAt(A(), 5));
  Measurements measurements;
  const auto run = PlanOperators(WithMeasurements(plan, nullptr, &measurements), Context()).ValueOrDie();
  const auto drained = scripted::Drain(*run);
  ASSERT_FALSE(drained.ok());
  EXPECT_THAT(drained.status().message(), testing::HasSubstr("bad value 5"));
  EXPECT_THAT(FindSparkError(drained.status())->context, testing::HasSubstr("p1 row 1"));
}

TEST(Observe, OneNameMeasuresOneThing) {
  const PlanPtr one = Observed(Scan(), "m", A());
  EXPECT_TRUE(CheckObservationNames(*MakeNode(plan::Union{}, {one, Observed(Scan(), "m", A())}, kSchema)).ok());
  const Status refused = CheckObservationNames(*Observed(one, "m", A()));
  EXPECT_TRUE(HasErrorClass(refused, "DUPLICATED_METRICS_NAME")) << refused;
}

}  // namespace
}  // namespace sluice
