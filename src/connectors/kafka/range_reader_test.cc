// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/range_reader.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "connectors/kafka/scripted_consumer.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TopicPartition kTp = {"reviews", 1};

class RangeReaderTest : public testing::Test {
 protected:
  RangeReaderTest() {
    consumer_->on_wait = [this](int timeout_ms) { clock_.Advance(timeout_ms); };
    consumer_->AddPartition(kTp);
  }

  std::unique_ptr<KafkaRangeReader> Reader(int64_t begin, int64_t end, std::vector<int> columns = {kValue, kOffset},
                                           bool headers = false) {
    return std::make_unique<KafkaRangeReader>(consumer_, OffsetRange{kTp, begin, end}, columns, headers, limits_,
                                              &clock_);
  }

  void Fill(int64_t count) {
    for (int64_t i = 0; i < count; ++i) consumer_->Append(kTp, fmt::format("v{}", i));
  }

  // Offsets read, or the error.
  Result<std::vector<int64_t>> Offsets(int64_t begin, int64_t end) {
    auto reader = Reader(begin, end, {kOffset});
    std::vector<int64_t> offsets;
    for (;;) {
      SLUICE_ASSIGN(const auto slice, reader->Next());
      if (slice == nullptr) return offsets;
      const auto& column = static_cast<const arrow::Int64Array&>(*slice->column(0));
      for (int64_t row = 0; row < column.length(); ++row) offsets.push_back(column.Value(row));
    }
  }

  ManualClock clock_{0};
  std::shared_ptr<ScriptedConsumer> consumer_ = std::make_shared<ScriptedConsumer>();
  KafkaRangeReader::Limits limits_;
};

TEST_F(RangeReaderTest, ReadsJustTheRange) {
  Fill(20);
  EXPECT_THAT(Offsets(5, 9).ValueOrDie(), ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(Offsets(19, 20).ValueOrDie(), ElementsAre(19));
}

TEST_F(RangeReaderTest, SlicesAreCutByRowsAndBytesOnly) {
  for (int i = 0; i < 1500; ++i) consumer_->Append(kTp, "small");
  for (int i = 0; i < 3; ++i) consumer_->Append(kTp, std::string(600'000, 'x'));
  consumer_->Append(kTp, std::string(3'000'000, 'y'));
  consumer_->Append(kTp, "last");
  auto reader = Reader(0, 1505, {kOffset});  // the bytes count, also of columns that are not read
  std::vector<int64_t> rows;
  for (;;) {
    const auto slice = reader->Next().ValueOrDie();
    if (slice == nullptr) break;
    rows.push_back(slice->num_rows());
  }
  EXPECT_THAT(rows, ElementsAre(1024, 477, 1, 1, 1, 1));
}

// Two readers that hold one large record each, and have the next fetched, would need 20 MB.
TEST_F(RangeReaderTest, LargeRecordsWaitForTheBudget) {
  const std::string large(5 << 20, 'x');
  const TopicPartition other = {"reviews", 2};
  for (const TopicPartition& partition : {kTp, other}) {
    consumer_->Append(partition, "small");
    for (int i = 0; i < 2; ++i) consumer_->Append(partition, large);
  }
  MemoryBudget budget(15 << 20);
  limits_.large_records = std::make_shared<LargeRecords>(&budget);
  auto first = Reader(0, 3, {kValue});
  EXPECT_EQ(first->Next().ValueOrDie()->num_rows(), 1);
  EXPECT_EQ(first->Next().ValueOrDie()->num_rows(), 1);
  EXPECT_EQ(budget.used(), 10 << 20);
  KafkaRangeReader second(consumer_, {other, 0, 3}, {kValue}, false, limits_, &clock_);
  std::future<int> waiting = std::async(std::launch::async, [&] {
    int slices = 0;
    while (second.Next().ValueOrDie() != nullptr) ++slices;
    return slices;
  });
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_EQ(first->Next().ValueOrDie()->num_rows(), 1);
  EXPECT_EQ(first->Next().ValueOrDie(), nullptr);
  first.reset();
  EXPECT_EQ(waiting.get(), 3) << "cut as ever";
  EXPECT_EQ(budget.used(), 10 << 20);
  EXPECT_EQ(budget.peak(), 10 << 20);
}

TEST_F(RangeReaderTest, AReaderThatMeetsALargeRecordClosesItsFetchUntilThereIsRoom) {
  consumer_->Append(kTp, "small");
  consumer_->Append(kTp, std::string(5 << 20, 'x'));
  MemoryBudget budget(1 << 20);
  MemoryTurn another(&budget);
  ASSERT_TRUE(another.TryCover(1 << 20));
  limits_.large_records = std::make_shared<LargeRecords>(&budget);
  auto reader = Reader(0, 2, {kOffset});
  EXPECT_EQ(reader->Next().ValueOrDie()->num_rows(), 1);
  std::future<bool> waiting = std::async(std::launch::async, [&] { return reader->Next().ok(); });
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_EQ(consumer_->opened_fetches(), 1);
  another.Release();
  EXPECT_TRUE(waiting.get());
  EXPECT_EQ(consumer_->opened_fetches(), 2);
  ASSERT_FALSE(another.TryCover(1));
  auto given_up = Reader(1, 2, {kOffset});
  std::future<Status> cancelled = std::async(std::launch::async, [&] { return given_up->Next().status(); });
  given_up->Cancel();
  EXPECT_TRUE(cancelled.get().IsCancelled());
}

TEST_F(RangeReaderTest, AllColumnsAsSparkHasThem) {
  ScriptedConsumer::Record full{"the key, longer than inline", "value", 1234, {{"h", "x"}, {"h", std::nullopt}}};
  consumer_->Append(kTp, full);
  consumer_->Append(kTp, ScriptedConsumer::Record{std::nullopt, std::nullopt, -1, {}});
  consumer_->Append(kTp, ScriptedConsumer::Record{"", std::string("a\0b\xFF", 4), 0, {}});
  auto reader = Reader(0, 3, {kKey, kValue, kTopic, kPartition, kOffset, kTimestamp, kTimestampType, kHeaders}, true);
  const auto slice = reader->Next().ValueOrDie();
  ASSERT_TRUE(slice->ValidateFull().ok());
  EXPECT_TRUE(slice->schema()->Equals(*KafkaSchema(true)));
  const auto& keys = static_cast<const arrow::BinaryViewArray&>(*slice->column(kKey));
  const auto& values = static_cast<const arrow::BinaryViewArray&>(*slice->column(kValue));
  EXPECT_EQ(keys.GetView(0), *full.key);
  EXPECT_TRUE(keys.IsNull(1));
  EXPECT_TRUE(values.IsNull(1));
  EXPECT_FALSE(keys.IsNull(2));
  EXPECT_EQ(keys.GetView(2), "");
  EXPECT_EQ(values.GetView(2), std::string_view("a\0b\xFF", 4));
  EXPECT_EQ(static_cast<const arrow::StringViewArray&>(*slice->column(kTopic)).GetView(2), "reviews");
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*slice->column(kPartition)).Value(1), 1);
  const auto& timestamps = static_cast<const arrow::TimestampArray&>(*slice->column(kTimestamp));
  EXPECT_EQ(timestamps.Value(0), 1'234'000);
  EXPECT_EQ(timestamps.Value(1), -1000);
  const auto& headers = static_cast<const arrow::ListArray&>(*slice->column(kHeaders));
  EXPECT_EQ(headers.value_length(0), 2);
  EXPECT_TRUE(headers.IsNull(1));
  EXPECT_EQ(reader->PlaceOf(2), "topic reviews, partition 1, offset 2");
}

TEST_F(RangeReaderTest, InvisibleOffsetsAreNoLoss) {
  Fill(3);                              // 0..2
  consumer_->AppendInvisible(kTp, 2);   // 3, 4
  consumer_->Append(kTp, "x");          // 5
  consumer_->AppendInvisible(kTp, 10);  // 6..15
  EXPECT_THAT(Offsets(0, 6).ValueOrDie(), ElementsAre(0, 1, 2, 5));
  EXPECT_THAT(Offsets(3, 5).ValueOrDie(), ElementsAre());
  EXPECT_THAT(Offsets(5, 16).ValueOrDie(), ElementsAre(5));  // the tail ends with the partition
  EXPECT_THAT(Offsets(7, 12).ValueOrDie(), ElementsAre());
}

TEST_F(RangeReaderTest, RetentionPastTheStartIsALoss) {
  Fill(10);
  consumer_->DeleteBefore(kTp, 4);
  const Status lost = Offsets(2, 10).status();
  EXPECT_TRUE(HasErrorClass(lost, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE")) << lost;
  EXPECT_THAT(lost.ToString(), HasSubstr("partition 1"));
  limits_.fail_on_data_loss = false;
  EXPECT_THAT(Offsets(2, 10).ValueOrDie(), ElementsAre(4, 5, 6, 7, 8, 9));
  EXPECT_THAT(Offsets(0, 3).ValueOrDie(), ElementsAre());  // all of it is gone
}

// SPARK-25214: without an error for the records that are gone, no split of the range reads on into the next ones.
TEST_F(RangeReaderTest, SplitsOfARangeWithMissingOffsetsReadNothingTwice) {
  Fill(12);
  consumer_->DeleteBefore(kTp, 7);
  std::atomic<int64_t> losses{0};
  limits_.fail_on_data_loss = false;
  limits_.passed_over = &losses;
  std::vector<int64_t> all;
  for (const int64_t begin : {0, 3, 6, 9}) {
    for (const int64_t offset : Offsets(begin, begin + 3).ValueOrDie()) all.push_back(offset);
  }
  EXPECT_THAT(all, ElementsAre(7, 8, 9, 10, 11));
  EXPECT_EQ(losses, 3);
}

// A client that begins at the first record when it is asked for an offset that is not there
// (auto.offset.reset=earliest).
class RewindingConsumer : public ScriptedConsumer {
 public:
  Result<std::unique_ptr<PartitionFetch>> OpenFetch(const TopicPartition& partition, int64_t) override {
    return ScriptedConsumer::OpenFetch(partition, 0);
  }
};

TEST_F(RangeReaderTest, RecordsBelowTheRangeAreNotTaken) {  // lakehq/sail 2267
  consumer_ = std::make_shared<RewindingConsumer>();
  consumer_->on_wait = [this](int timeout_ms) { clock_.Advance(timeout_ms); };
  Fill(10);
  EXPECT_THAT(Offsets(5, 9).ValueOrDie(), ElementsAre(5, 6, 7, 8));
}

TEST_F(RangeReaderTest, RetentionInTheMiddleOfAReadIsALoss) {
  Fill(10);
  int peeks = 0;
  consumer_->on_call = [&](const std::string& call) {
    if (call == "Peek" && ++peeks == 4) consumer_->DeleteBefore(kTp, 7);
    return Status::OK();
  };
  EXPECT_TRUE(HasErrorClass(Offsets(0, 10).status(), "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE"));
  limits_.fail_on_data_loss = false;
  peeks = 0;
  consumer_ = std::make_shared<ScriptedConsumer>();
  consumer_->on_call = [&](const std::string& call) {
    if (call == "Peek" && ++peeks == 4) consumer_->DeleteBefore(kTp, 7);
    return Status::OK();
  };
  Fill(10);
  EXPECT_THAT(Offsets(0, 10).ValueOrDie(), ElementsAre(0, 1, 2, 7, 8, 9));
}

TEST_F(RangeReaderTest, ARecordBeyondWhileTheStartMovedIsALoss) {
  // The broker gave offset 5 for 2, and begins at 5 now: records were deleted, not compacted.
  consumer_->AppendInvisible(kTp, 5);
  Fill(3);
  consumer_->on_call = [&](const std::string& call) {
    if (call == "ListOffsets") consumer_->DeleteBefore(kTp, 5);
    return Status::OK();
  };
  EXPECT_TRUE(HasErrorClass(Offsets(2, 8).status(), "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE"));
  limits_.fail_on_data_loss = false;
  EXPECT_THAT(Offsets(5, 8).ValueOrDie(), ElementsAre(5, 6, 7));
}

// The log begins just where the gap does: what lies between was compacted, not deleted. One record later it was
// deleted.
TEST_F(RangeReaderTest, AGapIsALossFromTheFirstOffsetThatIsGone) {
  consumer_->AppendInvisible(kTp, 5);
  Fill(3);
  consumer_->DeleteBefore(kTp, 2);
  EXPECT_THAT(Offsets(2, 8).ValueOrDie(), ElementsAre(5, 6, 7));
  int64_t begin = 2;
  consumer_->on_call = [&](const std::string& call) {
    if (call == "ListOffsets") consumer_->DeleteBefore(kTp, begin);
    return Status::OK();
  };
  EXPECT_THAT(Offsets(2, 8).ValueOrDie(), ElementsAre(5, 6, 7));
  begin = 3;
  EXPECT_TRUE(HasErrorClass(Offsets(2, 8).status(), "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE"));
}

// A broker says "out of range" of an offset that it has, as a leader that is behind does: the read goes on there, also
// when it is the first offset of the log.
TEST_F(RangeReaderTest, AnOffsetAtTheLogsStartThatIsThereAfterAllIsRead) {
  Fill(10);
  for (const int64_t begin : {3, 0}) {
    consumer_->DeleteBefore(kTp, begin);
    int peeks = 0;
    consumer_->on_call = [&](const std::string& call) {
      if (call == "Peek" && ++peeks == 1) consumer_->Truncate(kTp, 2);
      if (call == "ListOffsets" && peeks == 1) {
        consumer_->DeleteBefore(kTp, begin == 0 ? 2 : begin);
        while (consumer_->Append(kTp, "again") < 9) {
        }
      }
      return Status::OK();
    };
    EXPECT_THAT(Offsets(3, 10).ValueOrDie(), ElementsAre(3, 4, 5, 6, 7, 8, 9)) << begin;
  }
}

TEST_F(RangeReaderTest, TruncationIsALossAfterAWhile) {
  Fill(10);
  consumer_->Truncate(kTp, 6);
  const Status lost = Offsets(4, 10).status();
  EXPECT_TRUE(HasErrorClass(lost, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE")) << lost;
  EXPECT_TRUE(HasErrorClass(Offsets(8, 10).status(), "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE"));
  limits_.fail_on_data_loss = false;
  EXPECT_THAT(Offsets(8, 10).ValueOrDie(), ElementsAre());
  EXPECT_THAT(Offsets(4, 10).ValueOrDie(), ElementsAre(4, 5));
}

TEST_F(RangeReaderTest, NothingWithinThePollTimeoutFails) {
  Fill(3);
  consumer_->on_call = [&](const std::string& call) {
    if (call == "OpenFetch") consumer_->DropPartition(kTp);  // a broker that says nothing at all
    return Status::OK();
  };
  limits_.poll_timeout_ms = 7000;
  const Status status = Offsets(1, 3).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_KAFKA.FETCH_TIMEOUT"));
  EXPECT_TRUE(IsRetryable(status));
  EXPECT_THAT(status.ToString(), HasSubstr("offset 1"));
  EXPECT_THAT(status.ToString(), HasSubstr("kafkaConsumer.pollTimeoutMs"));
  EXPECT_GE(clock_.NowMillis(), 7000);
  EXPECT_LE(clock_.NowMillis(), 7300);
}

TEST_F(RangeReaderTest, WaitsForRecordsThatComeLate) {
  Fill(2);
  consumer_->on_wait = [this](int timeout_ms) {
    clock_.Advance(timeout_ms);
    if (clock_.NowMillis() > 3000) consumer_->Append(kTp, "late");
  };
  EXPECT_THAT(Offsets(0, 4).ValueOrDie(), ElementsAre(0, 1, 2, 3));
}

TEST_F(RangeReaderTest, ATooLargeRecordNamesTheSetting) {
  limits_.max_record_bytes = 1000;
  consumer_->Append(kTp, "ok");
  consumer_->Append(kTp, std::string(1001, 'x'));
  const Status status = Offsets(0, 2).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_MEMORY_BUDGET"));
  EXPECT_THAT(status.ToString(), HasSubstr("spark.sluice.memory"));
  EXPECT_THAT(status.ToString(), HasSubstr("topic reviews, partition 1, offset 1"));
}

TEST_F(RangeReaderTest, ATooLargeRecordIsPassedOverWhereRecordsAreKept) {
  limits_.max_record_bytes = 1000;
  limits_.keep_records = true;
  for (const bool large : {true, false, true, true, false, true}) {
    consumer_->Append(kTp, large ? std::string(1001, 'x') : "ok");
  }
  const auto reader = Reader(0, 6, {kOffset});
  EXPECT_EQ(reader->Next().ValueOrDie()->num_rows(), 2);
  std::vector<int64_t> passed_over;
  for (const auto& [record, why] : reader->TakeUnreadable()) {
    EXPECT_EQ(record.value, std::nullopt);
    EXPECT_TRUE(HasErrorClass(why, "SLUICE_MEMORY_BUDGET"));
    passed_over.push_back(record.offset);
  }
  EXPECT_THAT(passed_over, ElementsAre(0, 2, 3, 5));
  EXPECT_EQ(reader->Next().ValueOrDie(), nullptr);
}

TEST_F(RangeReaderTest, HeadersThatAreReadCountAsBytesOfTheRecord) {
  for (int i = 0; i < 6; ++i) consumer_->Append(kTp, {std::nullopt, "v", 0, {{"h", std::string(400'000, 'x')}}});
  const auto rows_of_first = [this](std::vector<int> columns) {
    const bool headers = columns.back() == kHeaders;
    return Reader(0, 6, std::move(columns), headers)->Next().ValueOrDie()->num_rows();
  };
  EXPECT_EQ(rows_of_first({kOffset}), 6);
  EXPECT_EQ(rows_of_first({kOffset, kHeaders}), 2);
  limits_.max_record_bytes = 300'000;
  EXPECT_EQ(rows_of_first({kOffset}), 6);
  EXPECT_TRUE(HasErrorClass(Reader(0, 6, {kHeaders}, true)->Next().status(), "SLUICE_MEMORY_BUDGET"));
}

TEST_F(RangeReaderTest, EveryCallMayFail) {
  Fill(10);
  consumer_->AppendInvisible(kTp, 1);
  consumer_->Append(kTp, "end");
  for (int failing = 1;; ++failing) {
    int call = 0;
    consumer_->on_call = [&](const std::string& name) {
      return ++call == failing ? EnvironmentError("SLUICE_KAFKA", "scripted " + name) : Status::OK();
    };
    const auto offsets = Offsets(0, 12);
    if (call < failing) {
      EXPECT_EQ(offsets->size(), 11u);
      EXPECT_GT(failing, 12);
      break;
    }
    EXPECT_THAT(offsets.status().ToString(), HasSubstr("scripted"));
  }
}

TEST_F(RangeReaderTest, CancelStopsAWaitingRead) {
  auto reader = Reader(0, 5);
  consumer_->on_wait = [&](int) { reader->Cancel(); };
  EXPECT_TRUE(reader->Next().status().IsCancelled());
}

TEST_F(RangeReaderTest, ABatchThatCannotBeUnpackedFailsOrIsPassedOver) {
  // Of every length, at every place of the range, and where the range begins or ends within it.
  for (int64_t begin = 0; begin < 12; ++begin) {
    for (int64_t end = begin + 1; end <= 14; ++end) {
      SCOPED_TRACE(fmt::format("{} to {}", begin, end));
      consumer_ = std::make_shared<ScriptedConsumer>();
      Fill(14);
      consumer_->MakeUnreadable(kTp, begin, end);
      limits_.keep_records = false;
      const bool met = end > 2 && begin < 12;
      EXPECT_EQ(HasErrorClass(Offsets(2, 12).status(), "SLUICE_KAFKA.CANNOT_UNPACK"), met);
      limits_.keep_records = true;
      const auto reader = Reader(2, 12, {kOffset});
      std::vector<int64_t> offsets;
      std::vector<std::pair<SourceRecord, Status>> passed_over;
      for (bool more = true; more;) {
        const auto slice = reader->Next().ValueOrDie();
        for (auto& one : reader->TakeUnreadable()) passed_over.push_back(std::move(one));
        more = slice != nullptr;
        for (int64_t row = 0; more && row < slice->num_rows(); ++row) {
          offsets.push_back(static_cast<const arrow::Int64Array&>(*slice->column(0)).Value(row));
        }
      }
      std::vector<int64_t> expected;
      for (int64_t offset = 2; offset < 12; ++offset) {
        if (offset < begin || offset >= end) expected.push_back(offset);
      }
      EXPECT_EQ(offsets, expected);
      ASSERT_EQ(passed_over.size(), met ? 1u : 0u);
      if (!met) continue;
      EXPECT_EQ(passed_over[0].first.offset, std::max<int64_t>(begin, 2));
      EXPECT_EQ(passed_over[0].first.value, std::nullopt);
      EXPECT_TRUE(HasErrorClass(passed_over[0].second, "SLUICE_KAFKA.CANNOT_UNPACK"));
      EXPECT_THAT(passed_over[0].second.message(), HasSubstr(fmt::format("to {}", std::min<int64_t>(end, 12) - 1)));
    }
  }
}

TEST_F(RangeReaderTest, TwoBatchesThatCannotBeUnpackedAreTwo) {
  Fill(10);
  consumer_->MakeUnreadable(kTp, 3, 5);
  consumer_->MakeUnreadable(kTp, 5, 9);
  limits_.keep_records = true;
  const auto reader = Reader(0, 10, {kOffset});
  EXPECT_EQ(reader->Next().ValueOrDie()->num_rows(), 4);
  const auto passed_over = reader->TakeUnreadable();
  ASSERT_EQ(passed_over.size(), 2u);
  EXPECT_EQ(passed_over[0].first.offset, 3);
  EXPECT_EQ(passed_over[1].first.offset, 5);
  EXPECT_TRUE(reader->TakeUnreadable().empty());
}

TEST_F(RangeReaderTest, KeepsWholeRecordsWhenAskedTo) {
  consumer_->Append(kTp, {"k0", "value zero, beyond twelve bytes", 1234, {{"h", "x"}, {"none", std::nullopt}}});
  consumer_->Append(kTp, {std::nullopt, std::nullopt, 99, {}});
  limits_.keep_records = true;
  const auto reader = Reader(0, 2, {kOffset});
  const auto slice = reader->Next().ValueOrDie();
  EXPECT_THAT(slice->schema()->field_names(), ElementsAre("offset"));
  const SourceRecord first = reader->RecordOf(0).ValueOrDie();
  EXPECT_EQ(first.topic, "reviews");
  EXPECT_EQ(first.partition, 1);
  EXPECT_EQ(first.offset, 0);
  EXPECT_EQ(first.timestamp_ms, 1234);
  EXPECT_EQ(first.key, "k0");
  EXPECT_EQ(first.value, "value zero, beyond twelve bytes");
  EXPECT_THAT(first.headers, ElementsAre(std::pair("h", std::optional<std::string>("x")),
                                         std::pair("none", std::optional<std::string>())));
  EXPECT_EQ(first.place, reader->PlaceOf(0));
  const SourceRecord second = reader->RecordOf(1).ValueOrDie();
  EXPECT_EQ(second.key, std::nullopt);
  EXPECT_EQ(second.value, std::nullopt);
  EXPECT_THAT(second.headers, testing::IsEmpty());
  EXPECT_FALSE(reader->RecordOf(2).ok());
}

}  // namespace
}  // namespace sluice
