// SPDX-License-Identifier: Apache-2.0
// What the Parquet writer costs a review: slices of 1,024 rows of string views into a file that nobody keeps.
#include <arrow/api.h>
#include <arrow/util/binary_view_util.h>
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "connectors/parquet/parquet_writer.h"
#include "review_lines.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int64_t kSliceRows = 1024;
constexpr int kSlices = 64;
constexpr int kStrings = 15;
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
  Result<PublishOutcome> Publish() override { return PublishOutcome::kPublished; }
  Status Replace() override { return Status::OK(); }
};

std::shared_ptr<arrow::Schema> ReviewSchema() {
  arrow::FieldVector fields;
  for (int i = 0; i < kStrings; ++i) fields.push_back(arrow::field("c" + std::to_string(i), StringType()));
  fields.push_back(arrow::field("review_timestamp", TimestampType(), false));
  return arrow::schema(fields);
}

// Views into one buffer of lines a slice, as the split leaves them.
std::shared_ptr<arrow::RecordBatch> ReviewSlice(int64_t first, const std::shared_ptr<arrow::Schema>& schema) {
  std::string lines;
  std::vector<std::vector<std::pair<size_t, size_t>>> cells(kStrings);
  for (int64_t row = 0; row < kSliceRows; ++row) {
    size_t start = lines.size();
    bench::AppendReview(static_cast<uint64_t>(first + row), &lines);
    for (int column = 0; column < kStrings; ++column) {
      const size_t end = std::min(lines.find('\t', start), lines.size());
      cells[column].emplace_back(start, end - start);
      start = end + 1;
    }
  }
  const std::shared_ptr<arrow::Buffer> data = arrow::Buffer::FromString(std::move(lines));
  arrow::ArrayVector columns;
  for (const auto& column : cells) {
    arrow::BufferVector buffers;
    auto views = *arrow::AllocateBuffer(kSliceRows * 16);
    auto* out = reinterpret_cast<arrow::BinaryViewType::c_type*>(views->mutable_data());
    for (const auto& [offset, size] : column) {
      const auto* bytes = data->data() + offset;
      *out++ =
          size <= arrow::BinaryViewType::kInlineSize
              ? arrow::util::ToInlineBinaryView(bytes, static_cast<int32_t>(size))
              : arrow::util::ToNonInlineBinaryView(bytes, static_cast<int32_t>(size), 0, static_cast<int32_t>(offset));
    }
    columns.push_back(arrow::MakeArray(arrow::ArrayData::Make(
        StringType(), kSliceRows, {nullptr, std::shared_ptr<arrow::Buffer>(std::move(views)), data}, 0)));
  }
  arrow::TimestampBuilder times(TimestampType(), arrow::default_memory_pool());
  Check(times.AppendValues(std::vector<int64_t>(kSliceRows, 1700000000000000)));
  columns.push_back(*times.Finish());
  return arrow::RecordBatch::Make(schema, kSliceRows, std::move(columns));
}

void BM_WriteReviews(benchmark::State& state, const char* codec) {
  const auto schema = ReviewSchema();
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
  for (int i = 0; i < kSlices; ++i) slices.push_back(ReviewSlice(i * kSliceRows, schema));
  std::vector<int> columns;
  for (int i = 0; i < schema->num_fields(); ++i) columns.push_back(i);
  const auto layout = *ParquetLayout::Make(*schema, columns, TimestampForm::kInt96, *FindParquetCodec(codec));
  int64_t bytes = 0;
  for (auto _ : state) {
    ParquetWriter writer(std::make_unique<Nowhere>(), layout);
    for (int pass = 0; pass < 4; ++pass) {
      for (const auto& slice : slices) {
        Check(writer.Write(*slice, nullptr, kSliceRows));
        if (writer.open_bytes() >= kRowGroupBytes) Check(writer.CloseRowGroup());
      }
    }
    bytes = writer.Finish()->size;
  }
  state.SetItemsProcessed(state.iterations() * 4 * kSlices * kSliceRows);
  state.counters["bytes/row"] = static_cast<double>(bytes) / (4 * kSlices * kSliceRows);
}

BENCHMARK_CAPTURE(BM_WriteReviews, snappy, "snappy")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteReviews, none, "none")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteReviews, zstd, "zstd")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice

BENCHMARK_MAIN();
