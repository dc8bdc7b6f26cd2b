// SPDX-License-Identifier: Apache-2.0
// What expressions cost a row: the split of a review's line (both twins of the kernel), and casts of texts.
#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "expr/cast.h"
#include "expr/split_kernel.h"
#include "review_lines.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int64_t kRows = 1024;
constexpr int kParts = 15;

void Check(const Status& status) {
  if (!status.ok()) status.Abort();
}

void CountRows(benchmark::State& state) {
  const auto rows = static_cast<double>(state.iterations() * kRows);
  state.counters["time_per_row"] = benchmark::Counter(rows, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

std::shared_ptr<arrow::Array> ReviewLines() {
  arrow::StringViewBuilder builder;
  for (int64_t row = 0; row < kRows; ++row) {
    std::string line;
    bench::AppendReview(static_cast<uint64_t>(row), &line);
    Check(builder.Append(line));
  }
  return builder.Finish().ValueOrDie();
}

void BM_Split(benchmark::State& state, SplitMethod method) {
  if (method == SplitMethod::kAvx2 && !HasAvx2()) {
    state.SkipWithError("this machine has no AVX2");
    return;
  }
  const auto lines = ReviewLines();
  std::vector<std::vector<BinaryView>> views(kParts, std::vector<BinaryView>(kRows));
  PartColumns parts;
  for (auto& column : views) parts.columns.push_back(column.data());
  parts.found.resize(kRows);
  for (auto _ : state) {
    parts.beyond_ascii.clear();
    SplitIntoParts(*lines, "\t", method, &parts);
    benchmark::DoNotOptimize(views.back().data());
    benchmark::ClobberMemory();
  }
  CountRows(state);
}
BENCHMARK_CAPTURE(BM_Split, portable, SplitMethod::kPortable);
BENCHMARK_CAPTURE(BM_Split, avx2, SplitMethod::kAvx2);

// A column of texts `text(row)` cast to `target` under ANSI.
template <typename Text>
void Cast(benchmark::State& state, const std::shared_ptr<arrow::DataType>& target, Text text) {
  arrow::StringViewBuilder builder;
  for (int64_t row = 0; row < kRows; ++row) Check(builder.Append(text(row)));
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("value", StringType())}), kRows,
                                              {builder.Finish().ValueOrDie()});
  const ExprPtr column = std::make_shared<ColumnExpr>(0, "value", StringType(), true);
  const ExprPtr cast = std::make_shared<CastExpr>(column, target, CastMode::kAnsi, false);
  const EvalContext context{.ansi = true};
  for (auto _ : state) {
    Evaluation evaluation(*batch, context);
    benchmark::DoNotOptimize(evaluation.Eval(cast).ValueOrDie());
  }
  CountRows(state);
}

void BM_CastToInt(benchmark::State& state) {
  Cast(state, arrow::int32(), [](int64_t row) { return std::to_string(row * 7919); });
}
void BM_CastToDouble(benchmark::State& state) {
  Cast(state, arrow::float64(), [](int64_t row) { return std::to_string(static_cast<double>(row) * 1.37); });
}
void BM_CastToDecimal(benchmark::State& state) {
  Cast(state, arrow::decimal128(12, 2), [](int64_t row) { return std::to_string(row) + ".25"; });
}
void BM_CastToDate(benchmark::State& state) {
  Cast(state, arrow::date32(), [](int64_t row) { return "2015-08-" + std::to_string(10 + row % 20); });
}
void BM_CastToTimestamp(benchmark::State& state) {
  Cast(state, TimestampType(), [](int64_t row) { return "2015-08-31 12:30:" + std::to_string(10 + row % 50); });
}
BENCHMARK(BM_CastToInt);
BENCHMARK(BM_CastToDouble);
BENCHMARK(BM_CastToDecimal);
BENCHMARK(BM_CastToDate);
BENCHMARK(BM_CastToTimestamp);

}  // namespace
}  // namespace sluice

BENCHMARK_MAIN();
