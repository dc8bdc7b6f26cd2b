// SPDX-License-Identifier: Apache-2.0
// The windowed count that Spark recorded (tests/golden/state/wcount), batch by batch: the same state, the same rows.
#include "exec/stateful/streaming_aggregate.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "exec/local.h"
#include "exec/scripted_rows.h"
#include "exec/stateful/time_window.h"
#include "expr/aggregate.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Contents = std::map<std::string, std::string>;

constexpr int64_t kStart = 1'767'225'600;  // 2026-01-01, seconds
constexpr int kPartitions = 2;

// withWatermark(ts, 10 s).groupBy(window(ts, 10 s), k).count()
struct WindowedCount {
  WindowedCount() {
    const PlanPtr rows = scripted::ScanNode(
        arrow::schema({arrow::field("ts", TimestampType()), arrow::field("k", StringType())}), /*streaming=*/true);
    const ExprPtr time = scripted::Column(rows->schema, "ts");
    const PlanPtr marked = scripted::Over(rows, plan::Watermark{time, 10'000});
    const auto windows = scripted::Over(marked, plan::TimeWindow{time, nullptr, {10'000'000, 10'000'000, 0}});
    const auto type = arrow::struct_({arrow::field("start", TimestampType()), arrow::field("end", TimestampType())});
    windows->schema = rows->schema->AddField(2, arrow::field("window", type, false)).ValueOrDie();
    window = windows;
    plan::Aggregate groups{{scripted::Column(windows->schema, "window"), scripted::Column(windows->schema, "k")},
                           {ResolveAggregate("count", {}, false, true).ValueOrDie()}};
    count = MakeNode(std::move(groups), {windows},
                     arrow::schema({arrow::field("window", type, false), arrow::field("k", StringType()),
                                    arrow::field("count", arrow::int64(), false)}));
  }
  PlanPtr window;
  PlanPtr count;
};

Contents ContentsAt(const std::shared_ptr<FileSystem>& fs, const std::string& folder, int64_t version) {
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

class StreamingAggregateTest : public ::testing::Test {
 protected:
  StreamingAggregateTest() : made_(MakeStatefulOperator(*plan_.count).ValueOrDie()) { Reopen(); }

  // As a restart: what is known is in the files.
  void Reopen() {
    stores_ = std::make_unique<OperatorStores>(made_->StateSpec(0, kPartitions), Location{fs_, "/ck"}, StateCodec::kLz4,
                                               nullptr);
    EXPECT_TRUE(stores_->Prepare(next_).ok());
  }

  Result<std::vector<std::string>> Batch(int64_t version, const std::string& rows, int64_t late_s, int64_t evict_s,
                                         OutputMode mode = OutputMode::kAppend) {
    EvalContext context;
    StateBatch batch{version, late_s * 1'000'000, evict_s * 1'000'000, mode, &context, nullptr};
    Exchange exchange(1, kPartitions, nullptr);
    SLUICE_ASSIGN(auto input, made_->OpenInput(0, batch, &exchange, 0));
    const auto& schema = plan_.window->inputs[0]->schema;
    std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
    if (!rows.empty()) slices.push_back(scripted::Rows(schema, rows));
    TimeWindowOperator windows(std::make_unique<LocalOperator>(schema, slices), *plan_.window, context, nullptr);
    for (;;) {
      SLUICE_ASSIGN(auto slice, windows.Next());
      if (slice == nullptr) break;
      SLUICE_RETURN_IF_ERROR(input->Add(slice));
    }
    SLUICE_RETURN_IF_ERROR(input->Finish());
    counts_ = {};
    std::vector<std::string> given;
    for (int partition = 0; partition < kPartitions; ++partition) {
      SLUICE_RETURN_IF_ERROR(stores_->Open(partition, version));
      SLUICE_ASSIGN(
          auto out,
          made_->OpenPartition(batch, StatePartition{partition, {exchange.Take(partition)}, stores_.get(), &counts_}));
      for (;;) {
        SLUICE_ASSIGN(auto slice, out->Next());
        if (slice == nullptr) break;
        for (int64_t row = 0; row < slice->num_rows(); ++row) {
          const auto& window = static_cast<const arrow::StructArray&>(*slice->column(0));
          const int64_t start = static_cast<const arrow::TimestampArray&>(*window.field(0)).Value(row);
          const auto& key = static_cast<const arrow::StringViewArray&>(*slice->column(1));
          given.push_back(std::to_string(start / 1'000'000 - kStart) + " " +
                          (key.IsNull(row) ? "-" : std::string(key.GetView(row))) + " " +
                          std::to_string(static_cast<const arrow::Int64Array&>(*slice->column(2)).Value(row)));
        }
      }
      SLUICE_RETURN_IF_ERROR(stores_->Commit(partition, version + 1));
    }
    next_ = version + 1;
    std::sort(given.begin(), given.end());
    return given;
  }

  const WindowedCount plan_;
  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::unique_ptr<StatefulOperator> made_;
  std::unique_ptr<OperatorStores> stores_;
  StateCounts counts_;
  int64_t next_ = 0;
};

const char* const kFiles[] = {
    R"([{"ts": "2026-01-01 00:00:01", "k": "a"}, {"ts": "2026-01-01 00:00:02", "k": "b"},
        {"ts": "2026-01-01 00:00:03", "k": "a"}, {"ts": "2026-01-01 00:00:04", "k": null}])",
    R"([{"ts": "2026-01-01 00:00:11", "k": "a"}, {"ts": "2026-01-01 00:00:25", "k": "long key of more than 8 bytes"}])",
    R"([{"ts": "2026-01-01 00:00:05", "k": "late"}, {"ts": "2026-01-01 00:00:31", "k": "a"},
        {"ts": "2026-01-01 00:00:16", "k": "b"}])"};

TEST_F(StreamingAggregateTest, KeepsAndGivesWhatSparkDoes) {
  const std::string golden = SLUICE_SOURCE_DIR "/tests/golden/state/wcount/ck/state/0/";
  const std::vector<int64_t> watermarks = {0, kStart - 6, kStart - 6, kStart + 15, kStart + 15, kStart + 21};
  const std::map<int64_t, std::vector<std::string>> rows = {{3, {"0 - 1", "0 a 2", "0 b 1"}},
                                                            {5, {"10 a 1", "10 b 1"}}};
  for (int64_t batch = 0; batch < 6; ++batch) {
    const std::string in = batch % 2 == 0 ? kFiles[batch / 2] : "";
    const int64_t late = batch == 0 ? 0 : watermarks[static_cast<size_t>(batch - 1)];
    const auto given = Batch(batch, in, late, watermarks[static_cast<size_t>(batch)]);
    ASSERT_TRUE(given.ok()) << given.status();
    EXPECT_EQ(*given, rows.count(batch) ? rows.at(batch) : std::vector<std::string>()) << batch;
    EXPECT_EQ(counts_.dropped_late, batch == 4 ? 1 : 0);
    for (const char* partition : {"0", "1"}) {
      EXPECT_EQ(ContentsAt(fs_, std::string("/ck/state/0/") + partition, batch + 1),
                ContentsAt(MakeLocalFileSystem(), golden + partition, batch + 1))
          << batch;
    }
    if (batch == 2) Reopen();
  }
}

TEST_F(StreamingAggregateTest, ABatchAgainWritesTheSameBytes) {
  ASSERT_TRUE(Batch(0, kFiles[0], 0, 0).ok());
  ASSERT_TRUE(Batch(1, kFiles[1], 0, kStart + 15).ok());
  const std::string first = fs_->ReadFile("/ck/state/0/1/2.delta").ValueOrDie();
  EXPECT_FALSE(first.empty());
  next_ = 1;
  Reopen();
  ASSERT_TRUE(Batch(1, kFiles[1], 0, kStart + 15).ok());
  EXPECT_EQ(fs_->ReadFile("/ck/state/0/1/2.delta").ValueOrDie(), first);
}

TEST_F(StreamingAggregateTest, UpdateGivesTheGroupsOfTheBatchAndCompleteAll) {
  const auto update = OutputMode::kUpdate;
  EXPECT_EQ(Batch(0, kFiles[0], 0, 0, update).ValueOrDie(), (std::vector<std::string>{"0 - 1", "0 a 2", "0 b 1"}));
  EXPECT_EQ(Batch(1, kFiles[0], 0, 0, update).ValueOrDie(), (std::vector<std::string>{"0 - 2", "0 a 4", "0 b 2"}));
  // What leaves is not told.
  EXPECT_EQ(Batch(2, "", 0, kStart + 10, update).ValueOrDie(), std::vector<std::string>());
  EXPECT_EQ(counts_.removed, 3);
  const auto complete = OutputMode::kComplete;
  EXPECT_EQ(Batch(3, kFiles[1], kStart + 10, kStart + 10, complete).ValueOrDie().size(), 2u);
  EXPECT_EQ(Batch(4, kFiles[2], kStart + 30, kStart + 30, complete).ValueOrDie().size(), 5u);
  EXPECT_EQ(counts_.dropped_late, 0);
}

}  // namespace
}  // namespace sluice
