// SPDX-License-Identifier: Apache-2.0
// The sessions that Spark recorded (tests/golden/state/session), batch by batch: the same state, the same changes of
// it, the same rows.
#include "exec/stateful/streaming_sessions.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/spark_error.h"
#include "exec/local.h"
#include "exec/scripted_rows.h"
#include "exec/stateful/time_window.h"
#include "expr/aggregate.h"
#include "expr/session_end.h"
#include "state/delta_file.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Changes = std::map<std::string, std::optional<std::string>>;
using Lines = std::vector<std::string>;

constexpr int64_t kStart = 1'767'225'600;  // 2026-01-01, seconds
constexpr int kPartitions = 2;

// withWatermark(ts, 10 s).groupBy(session_window(ts, 5 s)[, k]).agg(..)
struct Sessions {
  explicit Sessions(bool by_key = true, const std::vector<std::string>& functions = {"count", "sum"}) {
    const PlanPtr rows =
        scripted::ScanNode(arrow::schema({arrow::field("ts", TimestampType()), arrow::field("k", StringType()),
                                          arrow::field("v", arrow::int32())}),
                           /*streaming=*/true);
    const ExprPtr time = scripted::Column(rows->schema, "ts");
    const PlanPtr marked = scripted::Over(rows, plan::Watermark{time, 10'000});
    const ExprPtr end = std::make_shared<SessionEndExpr>(time, CalendarInterval{0, 0, 5'000'000});
    const auto windows = scripted::Over(marked, plan::TimeWindow{time, end, {}});
    const auto type = arrow::struct_({arrow::field("start", TimestampType()), arrow::field("end", TimestampType())});
    windows->schema = rows->schema->AddField(3, arrow::field("session_window", type, false)).ValueOrDie();
    window = windows;
    std::vector<ExprPtr> keys = {scripted::Column(windows->schema, "session_window")};
    arrow::FieldVector fields = {windows->schema->field(3)};
    if (by_key) {
      keys.push_back(scripted::Column(windows->schema, "k"));
      fields.push_back(windows->schema->field(1));
    }
    plan::Aggregate groups{keys, {}};
    for (const std::string& function : functions) {
      std::vector<ExprPtr> args;
      if (function != "count") args.push_back(scripted::Column(windows->schema, "v"));
      groups.calls.push_back(ResolveAggregate(function, args, false, true).ValueOrDie());
      fields.push_back(arrow::field(function, groups.calls.back().type));
    }
    result = MakeNode(std::move(groups), {windows}, arrow::schema(std::move(fields)));
  }
  PlanPtr window;
  PlanPtr result;
};

Changes ChangesIn(const std::shared_ptr<FileSystem>& fs, const std::string& path) {
  Changes changes;
  const auto bytes = fs->ReadFile(path);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  const Status read =
      ReadStateFile(StateCodec::kLz4, *bytes, [&](std::string_view key, const std::optional<std::string_view>& value) {
        changes[std::string(key)] = value;
        return Status::OK();
      });
  EXPECT_TRUE(read.ok()) << read;
  return changes;
}

std::string Cell(const arrow::Array& column, int64_t row) {
  return column.IsNull(row) ? "-" : column.GetScalar(row).ValueOrDie()->ToString();
}

class StreamingSessionsTest : public ::testing::Test {
 protected:
  explicit StreamingSessionsTest(const Sessions& plan = Sessions())
      : plan_(plan), made_(MakeStatefulOperator(*plan_.result).ValueOrDie()) {
    Reopen();
  }

  // As a restart: what is known is in the files.
  void Reopen() {
    stores_ = std::make_unique<OperatorStores>(made_->StateSpec(0, kPartitions), Location{fs_, "/ck"}, StateCodec::kLz4,
                                               nullptr);
    EXPECT_TRUE(stores_->Prepare(next_).ok());
  }

  Result<Lines> Batch(const Lines& tasks, int64_t late_s, int64_t evict_s, OutputMode mode = OutputMode::kAppend) {
    EvalContext context;
    const int64_t version = next_;
    StateBatch batch{version, late_s * 1'000'000, evict_s * 1'000'000, mode, &context, nullptr};
    Exchange exchange(static_cast<int>(tasks.size()) + 1, kPartitions, nullptr);
    for (size_t task = 0; task < tasks.size(); ++task) {
      SLUICE_RETURN_IF_ERROR(AddRows(batch, &exchange, static_cast<int>(task), tasks[task]));
    }
    counts_ = {};
    Lines given;
    for (int partition = 0; partition < kPartitions; ++partition) {
      SLUICE_RETURN_IF_ERROR(stores_->Open(partition, version));
      SLUICE_ASSIGN(
          auto out,
          made_->OpenPartition(batch, StatePartition{partition, {exchange.Take(partition)}, stores_.get(), &counts_}));
      for (;;) {
        SLUICE_ASSIGN(auto slice, out->Next());
        if (slice == nullptr) break;
        for (int64_t row = 0; row < slice->num_rows(); ++row) given.push_back(LineOf(*slice, row));
      }
      SLUICE_RETURN_IF_ERROR(stores_->Commit(partition, version + 1));
    }
    next_ = version + 1;
    std::sort(given.begin(), given.end());
    return given;
  }

  Status AddRows(const StateBatch& batch, Exchange* exchange, int task, const std::string& rows) {
    SLUICE_ASSIGN(auto input, made_->OpenInput(0, batch, exchange, task));
    const auto& schema = plan_.window->inputs[0]->schema;
    std::vector<std::shared_ptr<arrow::RecordBatch>> slices = {scripted::Rows(schema, rows)};
    TimeWindowOperator windows(std::make_unique<LocalOperator>(schema, slices), *plan_.window, *batch.context, nullptr);
    for (;;) {
      SLUICE_ASSIGN(auto slice, windows.Next());
      if (slice == nullptr) break;
      SLUICE_RETURN_IF_ERROR(input->Add(slice));
    }
    return input->Finish();
  }

  // "16-29 a 3 14"
  static std::string LineOf(const arrow::RecordBatch& slice, int64_t row) {
    const auto& window = static_cast<const arrow::StructArray&>(*slice.column(0));
    std::string line;
    for (int i = 0; i < 2; ++i) {
      const int64_t micros = static_cast<const arrow::TimestampArray&>(*window.field(i)).Value(row);
      line += (i == 0 ? "" : "-") + std::to_string(micros / 1'000'000 - kStart);
    }
    for (int i = 1; i < slice.num_columns(); ++i) line += " " + Cell(*slice.column(i), row);
    return line;
  }

  const Sessions plan_;
  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::unique_ptr<StatefulOperator> made_;
  std::unique_ptr<OperatorStores> stores_;
  StateCounts counts_;
  int64_t next_ = 0;
};

std::string Row(int second, const std::string& key, int value) {
  return R"({"ts": "2026-01-01 00:0)" + std::to_string(second / 60) + ":" + (second % 60 < 10 ? "0" : "") +
         std::to_string(second % 60) + R"(", "k": ")" + key + R"(", "v": )" + std::to_string(value) + "}";
}

TEST_F(StreamingSessionsTest, KeepsAndGivesWhatSparkDoes) {
  const std::string golden = SLUICE_SOURCE_DIR "/tests/golden/state/session/ck/state/0/";
  const std::vector<int64_t> watermarks = {0, kStart + 10, kStart + 10, kStart + 14, kStart + 14, kStart + 50};
  const std::map<int64_t, Lines> rows = {{1, {"1-8 a 2 3", "2-7 b 1 4"}}, {5, {"16-29 a 3 14"}}};
  const std::map<int64_t, std::string> in = {
      {0, "[" + Row(1, "a", 1) + "," + Row(3, "a", 2) + "," + Row(20, "a", 3) + "," + Row(2, "b", 4) + "]"},
      {2, "[" + Row(16, "a", 5) + "," + Row(24, "a", 6) + "]"},
      {4, "[" + Row(60, "c", 7) + "]"}};
  const auto local = MakeLocalFileSystem();
  for (int64_t batch = 0; batch < 6; ++batch) {
    const int64_t late = batch == 0 ? 0 : watermarks[static_cast<size_t>(batch - 1)];
    const auto given =
        Batch(in.count(batch) ? Lines{in.at(batch)} : Lines(), late, watermarks[static_cast<size_t>(batch)]);
    ASSERT_TRUE(given.ok()) << given.status();
    EXPECT_EQ(*given, rows.count(batch) ? rows.at(batch) : Lines()) << batch;
    for (const char* partition : {"0", "1"}) {
      const std::string name = std::string(partition) + "/" + std::to_string(batch + 1) + ".delta";
      EXPECT_EQ(ChangesIn(fs_, "/ck/state/0/" + name), ChangesIn(local, golden + name)) << name;
    }
    if (batch == 2) Reopen();
  }
  EXPECT_EQ(fs_->ReadFile("/ck/state/0/_metadata/metadata").ValueOrDie(),
            local->ReadFile(golden + "_metadata/metadata").ValueOrDie());
}

TEST_F(StreamingSessionsTest, OneRowJoinsSessionsOfTheState) {
  ASSERT_TRUE(Batch({"[" + Row(1, "a", 1) + "," + Row(8, "a", 2) + "," + Row(30, "a", 3) + "]"}, 0, 0).ok());
  EXPECT_EQ(counts_.updated, 3);
  // It touches the end of the one and the start of the other.
  ASSERT_TRUE(Batch({"[" + Row(6, "a", 4) + "]", "[" + Row(3, "a", 5) + "]"}, 0, 0).ok());
  EXPECT_EQ(counts_.updated, 2);  // with the other session of the key, which stays as it is
  EXPECT_EQ(counts_.removed, 1);
  EXPECT_EQ(Batch({}, 0, kStart + 40).ValueOrDie(), (Lines{"1-13 a 4 12", "30-35 a 1 3"}));
  EXPECT_EQ(counts_.removed, 2);
}

TEST_F(StreamingSessionsTest, LateSessionsAreDroppedBeforeTheyAreMerged) {
  ASSERT_TRUE(Batch({"[" + Row(10, "a", 1) + "]"}, 0, 0).ok());
  // Row 6 would join the session, but its own ended with the watermark.
  EXPECT_EQ(Batch({"[" + Row(6, "a", 2) + "," + Row(7, "a", 3) + "]"}, kStart + 11, kStart + 11).ValueOrDie(), Lines());
  EXPECT_EQ(counts_.dropped_late, 1);
  EXPECT_EQ(Batch({}, kStart + 11, kStart + 15).ValueOrDie(), (Lines{"7-15 a 2 4"}));
}

TEST_F(StreamingSessionsTest, CompleteGivesAllSessionsAndKeepsThem) {
  const auto complete = OutputMode::kComplete;
  EXPECT_EQ(Batch({"[" + Row(1, "a", 1) + "," + Row(2, "b", 2) + "]"}, 0, 0, complete).ValueOrDie(),
            (Lines{"1-6 a 1 1", "2-7 b 1 2"}));
  EXPECT_EQ(Batch({"[" + Row(4, "a", 3) + "]"}, 0, kStart + 30, complete).ValueOrDie(),
            (Lines{"1-9 a 2 4", "2-7 b 1 2"}));
  EXPECT_EQ(counts_.removed, 0);
}

TEST_F(StreamingSessionsTest, ABatchAgainWritesTheSameBytes) {
  ASSERT_TRUE(Batch({"[" + Row(1, "a", 1) + "," + Row(8, "a", 2) + "]"}, 0, 0).ok());
  const Lines more = {"[" + Row(6, "a", 4) + "," + Row(9, "b", 5) + "]"};
  ASSERT_TRUE(Batch(more, 0, 0).ok());
  std::vector<std::string> first;
  for (const char* path : {"/ck/state/0/0/2.delta", "/ck/state/0/1/2.delta"}) {
    first.push_back(fs_->ReadFile(path).ValueOrDie());
  }
  next_ = 1;
  Reopen();
  ASSERT_TRUE(Batch(more, 0, 0).ok());
  EXPECT_EQ(fs_->ReadFile("/ck/state/0/0/2.delta").ValueOrDie(), first[0]);
  EXPECT_EQ(fs_->ReadFile("/ck/state/0/1/2.delta").ValueOrDie(), first[1]);
}

class OrderedSessionsTest : public StreamingSessionsTest {
 protected:
  OrderedSessionsTest() : StreamingSessionsTest(Sessions(true, {"first", "last"})) {}
};

TEST_F(OrderedSessionsTest, ValuesAreMergedInTheOrderOfTheStarts) {
  ASSERT_TRUE(Batch({"[" + Row(5, "a", 1) + "]"}, 0, 0).ok());
  ASSERT_TRUE(Batch({"[" + Row(8, "a", 2) + "]", "[" + Row(3, "a", 3) + "]"}, 0, 0).ok());
  EXPECT_EQ(Batch({}, 0, kStart + 20).ValueOrDie(), (Lines{"3-13 a 3 2"}));
}

TEST(StreamingSessions, WithoutAnotherKeyAreRefused) {
  const auto made = MakeStatefulOperator(*Sessions(/*by_key=*/false).result);
  EXPECT_TRUE(HasErrorClass(made.status(), "_LEGACY_ERROR_TEMP_3068")) << made.status();
}

}  // namespace
}  // namespace sluice
