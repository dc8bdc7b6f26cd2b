// SPDX-License-Identifier: Apache-2.0
// What the Parquet writer costs a review: slices of 1,024 rows of string views into a file that nobody keeps.
#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "connectors/parquet/parquet_writer.h"
#include "review_slices.h"

namespace sluice {
namespace {

constexpr int kSlices = 64;
constexpr int64_t kRowGroupBytes = 16 << 20;

void Check(const Status& status) {
  if (!status.ok()) status.Abort();
}

class Nowhere : public PendingFile {
 public:
  Status Write(const void* data, int64_t size) override {
    benchmark::DoNotOptimize(data);
    return Status::OK();
  }
  Status CopyFrom(const std::string&, int64_t, int64_t) override { return Status::OK(); }
  Result<PublishOutcome> Publish() override { return PublishOutcome::kPublished; }
  Status Replace() override { return Status::OK(); }
};

void BM_WriteReviews(benchmark::State& state, const char* codec) {
  const auto schema = bench::ReviewSchema();
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
  for (int i = 0; i < kSlices; ++i)
    slices.push_back(bench::ReviewSlice(i * bench::kSliceRows, 1700000000000000, schema));
  std::vector<int> columns;
  for (int i = 0; i < schema->num_fields(); ++i) columns.push_back(i);
  const auto layout = *ParquetLayout::Make(*schema, columns, TimestampForm::kInt96, *FindParquetCodec(codec));
  int64_t bytes = 0;
  for (auto _ : state) {
    ParquetWriter writer(std::make_unique<Nowhere>(), layout);
    for (int pass = 0; pass < 4; ++pass) {
      for (const auto& slice : slices) {
        Check(writer.Write(*slice, nullptr, bench::kSliceRows));
        if (writer.open_bytes() >= kRowGroupBytes) Check(writer.CloseGroup());
      }
    }
    bytes = writer.Finish()->size;
  }
  state.SetItemsProcessed(state.iterations() * 4 * kSlices * bench::kSliceRows);
  state.counters["bytes/row"] = static_cast<double>(bytes) / (4 * kSlices * bench::kSliceRows);
}

BENCHMARK_CAPTURE(BM_WriteReviews, snappy, "snappy")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteReviews, none, "none")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteReviews, zstd, "zstd")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice

BENCHMARK_MAIN();
