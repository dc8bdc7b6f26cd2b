// SPDX-License-Identifier: Apache-2.0
// The dropDuplicates that Spark recorded (tests/golden/state/dedup), batch by batch: the same state, the same rows.
#include "exec/stateful/streaming_deduplicate.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "exec/scripted_rows.h"
#include "expr/aggregate.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Contents = std::map<std::string, std::string>;

constexpr int64_t kStart = 1'767'225'600;  // 2026-01-01, seconds
constexpr int kPartitions = 2;

// withWatermark(ts, 10 s).dropDuplicates([k, ts]), or [k] within the watermark.
PlanPtr Plan(bool within_watermark) {
  const PlanPtr rows =
      scripted::ScanNode(arrow::schema({arrow::field("ts", TimestampType()), arrow::field("k", StringType()),
                                        arrow::field("v", arrow::int32())}),
                         /*streaming=*/true);
  const ExprPtr time = scripted::Column(rows->schema, "ts");
  const PlanPtr marked = scripted::Over(rows, plan::Watermark{time, 10'000});
  plan::Aggregate distinct{{scripted::Column(rows->schema, "k")}, {}, /*deduplicate=*/true, within_watermark};
  arrow::FieldVector fields = {rows->schema->field(1), rows->schema->field(0), rows->schema->field(2)};
  if (!within_watermark) distinct.keys.push_back(time);
  for (size_t i = distinct.keys.size(); i < fields.size(); ++i) {
    const auto column = scripted::Column(rows->schema, fields[i]->name());
    distinct.calls.push_back(ResolveAggregate("first", {column}, false, true).ValueOrDie());
  }
  return MakeNode(std::move(distinct), {marked}, arrow::schema(fields));
}

class StreamingDeduplicateTest : public ::testing::Test {
 protected:
  void Open(bool within_watermark) {
    plan_ = Plan(within_watermark);
    made_ = MakeStatefulOperator(*plan_).ValueOrDie();
    stores_ = std::make_unique<OperatorStores>(made_->StateSpec(0, kPartitions), Location{fs_, "/ck"}, StateCodec::kLz4,
                                               nullptr);
    ASSERT_TRUE(stores_->Prepare(0).ok());
  }

  // The values of v that the batch gives, ascending.
  Result<std::vector<int32_t>> Batch(int64_t version, const std::string& rows, int64_t late_s, int64_t evict_s) {
    EvalContext context;
    StateBatch batch{version, late_s * 1'000'000, evict_s * 1'000'000, OutputMode::kAppend, &context, nullptr};
    Exchange exchange(1, kPartitions, nullptr);
    SLUICE_ASSIGN(auto input, made_->OpenInput(0, batch, &exchange, 0));
    if (!rows.empty()) SLUICE_RETURN_IF_ERROR(input->Add(scripted::Rows(plan_->inputs[0]->schema, rows)));
    SLUICE_RETURN_IF_ERROR(input->Finish());
    counts_ = {};
    std::vector<int32_t> given;
    for (int partition = 0; partition < kPartitions; ++partition) {
      SLUICE_RETURN_IF_ERROR(stores_->Open(partition, version));
      SLUICE_ASSIGN(
          auto out,
          made_->OpenPartition(batch, StatePartition{partition, {exchange.Take(partition)}, stores_.get(), &counts_}));
      for (;;) {
        SLUICE_ASSIGN(auto slice, out->Next());
        if (slice == nullptr) break;
        const auto& values = static_cast<const arrow::Int32Array&>(*slice->GetColumnByName("v"));
        for (int64_t row = 0; row < slice->num_rows(); ++row) given.push_back(values.Value(row));
      }
      SLUICE_RETURN_IF_ERROR(stores_->Commit(partition, version + 1));
    }
    std::sort(given.begin(), given.end());
    return given;
  }

  static Contents ContentsAt(const std::shared_ptr<FileSystem>& fs, const std::string& folder, int64_t version) {
    StateMap map;
    const auto any = [](std::string_view, const std::optional<std::string_view>&) { return Status::OK(); };
    const auto free = [](StateMap*, int64_t) { return Status::OK(); };
    const auto loaded = StateFolder({fs, folder}, StateCodec::kLz4).Load(version, &map, free, any);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    Contents contents;
    EXPECT_TRUE(map.Visit([&](std::string_view key, std::string_view value) {
                     contents[std::string(key)] = std::string(value);
                     return Status::OK();
                   })
                    .ok());
    return contents;
  }

  PlanPtr plan_;
  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::unique_ptr<StatefulOperator> made_;
  std::unique_ptr<OperatorStores> stores_;
  StateCounts counts_;
};

TEST_F(StreamingDeduplicateTest, KeepsAndGivesWhatSparkDoes) {
  Open(/*within_watermark=*/false);
  const std::string golden = SLUICE_SOURCE_DIR "/tests/golden/state/dedup/ck/state/0/";
  const std::vector<std::string> files = {
      R"([{"ts": "2026-01-01 00:00:01", "k": "a", "v": 1}, {"ts": "2026-01-01 00:00:01", "k": "a", "v": 2},
          {"ts": "2026-01-01 00:00:02", "k": "b", "v": 3}])",
      R"([{"ts": "2026-01-01 00:00:01", "k": "a", "v": 4}, {"ts": "2026-01-01 00:00:30", "k": "c", "v": 5}])",
      R"([{"ts": "2026-01-01 00:00:20", "k": "late-eq", "v": 6},
          {"ts": "2026-01-01 00:00:20.001", "k": "ok", "v": 7}])"};
  const std::vector<int64_t> watermarks = {0, kStart - 8, kStart - 8, kStart + 20, kStart + 20};
  const std::map<int64_t, std::vector<int32_t>> rows = {{0, {1, 3}}, {2, {5}}, {4, {7}}};
  for (int64_t batch = 0; batch < 5; ++batch) {
    const std::string in = batch % 2 == 0 ? files[static_cast<size_t>(batch / 2)] : "";
    const int64_t late = batch == 0 ? 0 : watermarks[static_cast<size_t>(batch - 1)];
    const auto given = Batch(batch, in, late, watermarks[static_cast<size_t>(batch)]);
    ASSERT_TRUE(given.ok()) << given.status();
    EXPECT_EQ(*given, rows.count(batch) ? rows.at(batch) : std::vector<int32_t>()) << batch;
    EXPECT_EQ(counts_.dropped_late, batch == 4 ? 1 : 0) << batch;
    for (const char* partition : {"0", "1"}) {
      EXPECT_EQ(ContentsAt(fs_, std::string("/ck/state/0/") + partition, batch + 1),
                ContentsAt(MakeLocalFileSystem(), golden + partition, batch + 1))
          << batch;
    }
  }
}

TEST_F(StreamingDeduplicateTest, WithinTheWatermarkAKeyStaysForTheDelayAfterItsFirstRow) {
  Open(/*within_watermark=*/true);
  const auto row = [](const std::string& time, int value) {
    return R"([{"ts": "2026-01-01 )" + time + R"(", "k": "a", "v": )" + std::to_string(value) + "}]";
  };
  EXPECT_EQ(Batch(0, row("00:00:01", 1), 0, 0).ValueOrDie(), std::vector<int32_t>{1});
  EXPECT_EQ(Batch(1, row("00:00:09", 2), 0, kStart - 9).ValueOrDie(), std::vector<int32_t>());
  EXPECT_EQ(counts_.dropped_duplicates, 1);
  // It leaves once the watermark is at 00:00:11, with the second row or without.
  EXPECT_EQ(Batch(2, "", kStart - 9, kStart + 10).ValueOrDie(), std::vector<int32_t>());
  EXPECT_EQ(counts_.removed, 0);
  EXPECT_EQ(Batch(3, "", kStart + 10, kStart + 11).ValueOrDie(), std::vector<int32_t>());
  EXPECT_EQ(counts_.removed, 1);
  EXPECT_EQ(Batch(4, row("00:00:15", 3), kStart + 11, kStart + 11).ValueOrDie(), std::vector<int32_t>{3});
}

}  // namespace
}  // namespace sluice
