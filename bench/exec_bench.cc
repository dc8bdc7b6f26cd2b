// SPDX-License-Identifier: Apache-2.0
// What the operators cost a row: filter, project with a split, aggregation, first rows of a sort.
#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "exec/filter.h"
#include "exec/hash_aggregate.h"
#include "exec/local.h"
#include "exec/project.h"
#include "exec/sort.h"
#include "expr/function_registry.h"
#include "plan/plan.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

void Check(const Status& status) {
  if (!status.ok()) status.Abort();
}

constexpr int64_t kSliceRows = 8192;
constexpr int kSlices = 64;
using Slices = std::vector<std::shared_ptr<arrow::RecordBatch>>;

const auto kSchema = arrow::schema({arrow::field("star_rating", StringType()), arrow::field("product_id", StringType()),
                                    arrow::field("product_title", StringType()), arrow::field("votes", arrow::int64()),
                                    arrow::field("line", StringType())});

std::shared_ptr<arrow::RecordBatch> MakeSlice(std::mt19937* random) {
  arrow::StringViewBuilder stars, products, titles, lines;
  arrow::Int64Builder votes;
  for (int64_t i = 0; i < kSliceRows; ++i) {
    const auto product = (*random)() % 50000;
    const std::string star = std::to_string(1 + (*random)() % 5);
    const std::string title = "A product of some name, number " + std::to_string(product);
    std::string line = "US\t" + star + "\tB" + std::to_string(1000000000 + product) + "\t" + title;
    for (int field = 4; field < 15; ++field) line += "\tfield " + std::to_string(field) + " with some words in it";
    Check(stars.Append(star));
    Check(products.Append("B" + std::to_string(1000000000 + product)));
    Check(titles.Append(title));
    Check(votes.Append(static_cast<int64_t>((*random)() % 1000000)));
    Check(lines.Append(line));
  }
  return arrow::RecordBatch::Make(
      kSchema, kSliceRows,
      {stars.Finish().ValueOrDie(), products.Finish().ValueOrDie(), titles.Finish().ValueOrDie(),
       votes.Finish().ValueOrDie(), lines.Finish().ValueOrDie()});
}

const Slices& Input() {
  static const Slices slices = [] {
    std::mt19937 random(1);
    Slices made;
    for (int i = 0; i < kSlices; ++i) made.push_back(MakeSlice(&random));
    return made;
  }();
  return slices;
}

std::unique_ptr<Operator> Rows() {
  return std::make_unique<LocalOperator>(kSchema, Input());
}

ExprPtr Column(int index) {
  return std::make_shared<ColumnExpr>(index, kSchema->field(index)->name(), kSchema->field(index)->type(), true);
}

ExprPtr Call(const std::string& name, std::vector<ExprPtr> args) {
  return ResolveFunction(name, std::move(args), {}).ValueOrDie();
}

ExprPtr Int(int32_t value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(value));
}

ExprPtr Text(const std::string& value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(value));
}

void Drain(Operator& rows) {
  for (;;) {
    auto slice = rows.Next().ValueOrDie();
    if (slice == nullptr) return;
    benchmark::DoNotOptimize(slice->num_rows());
  }
}

void CountRows(benchmark::State& state) {
  const auto rows = static_cast<double>(state.iterations() * kSlices * kSliceRows);
  state.counters["time_per_row"] = benchmark::Counter(rows, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Keeps about every second row of five columns.
void BM_Filter(benchmark::State& state) {
  const ExprPtr condition = Call("<", {Call("%", {Column(3), Int(100)}), Int(50)});
  for (auto _ : state) {
    FilterOperator filter(Rows(), condition, {});
    Drain(filter);
  }
  CountRows(state);
}
BENCHMARK(BM_Filter)->Unit(benchmark::kMillisecond);

// The lab's projection: fifteen parts of a line.
void BM_ProjectSplit(benchmark::State& state) {
  std::vector<ExprPtr> exprs;
  arrow::FieldVector fields;
  for (int i = 0; i < 15; ++i) {
    exprs.push_back(Call("getitem", {Call("split", {Column(4), Text("\t")}), Int(i)}));
    fields.push_back(arrow::field("part" + std::to_string(i), StringType()));
  }
  const PlanPtr input = MakeNode(plan::LocalRows(), {}, kSchema);
  const PlanPtr plan = Optimize(MakeProject(input, std::move(exprs), arrow::schema(fields)), {});
  for (auto _ : state) {
    ProjectOperator rows(Rows(), plan->Get<plan::Project>().exprs, plan->schema, {});
    Drain(rows);
  }
  CountRows(state);
}
BENCHMARK(BM_ProjectSplit)->Unit(benchmark::kMillisecond);

// GROUP BY the columns, COUNT(*).
void Aggregate(benchmark::State& state, const std::vector<int>& columns) {
  AggregateSpec spec;
  arrow::FieldVector fields;
  for (const int column : columns) {
    spec.keys.push_back(Column(column));
    fields.push_back(kSchema->field(column));
  }
  spec.calls = {ResolveAggregate("count", {}, false, true).ValueOrDie()};
  fields.push_back(arrow::field("count", arrow::int64()));
  spec.schema = arrow::schema(fields);
  for (auto _ : state) {
    HashAggregateOperator aggregate(
        spec, 1, [](int) -> Result<std::unique_ptr<Operator>> { return Rows(); }, 1);
    Drain(aggregate);
  }
  CountRows(state);
}
void BM_GroupByRating(benchmark::State& state) {
  Aggregate(state, {0});
}
void BM_GroupByProduct(benchmark::State& state) {
  Aggregate(state, {1});
}
void BM_GroupByTitle(benchmark::State& state) {
  Aggregate(state, {2});
}
void BM_GroupByVotes(benchmark::State& state) {
  Aggregate(state, {3});
}
void BM_GroupByRatingAndProduct(benchmark::State& state) {
  Aggregate(state, {0, 1});
}
BENCHMARK(BM_GroupByRating)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_GroupByProduct)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_GroupByTitle)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_GroupByVotes)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_GroupByRatingAndProduct)->Unit(benchmark::kMillisecond);

// ORDER BY votes [LIMIT 20].
void Sort(benchmark::State& state, std::optional<int64_t> limit) {
  for (auto _ : state) {
    SortOperator sort(Rows(), {{Column(3), false, false}}, limit, {}, nullptr);
    Drain(sort);
  }
  CountRows(state);
}
void BM_Sort(benchmark::State& state) {
  Sort(state, std::nullopt);
}
void BM_TopRows(benchmark::State& state) {
  Sort(state, 20);
}
BENCHMARK(BM_Sort)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_TopRows)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  sluice::Check(arrow::compute::Initialize());
  sluice::Input();  // made before anything is measured
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
