// SPDX-License-Identifier: Apache-2.0
// The stream and batch source over a scripted consumer: what is planned, and what is refused.
#include "connectors/kafka/kafka_source.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "connectors/kafka/scripted_consumer.h"
#include "env/set_back_clock.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using Map = std::map<std::string, std::string>;

class KafkaSourceTest : public testing::Test {
 protected:
  KafkaSourceTest() {
    Add(0, 10);
    Add(1, 20);
  }

  void Add(int32_t partition, int count, const std::string& topic = "t") {
    for (int i = 0; i < count; ++i) {
      ScriptedConsumer::Record record;
      record.value = "v";
      record.timestamp_ms = 1000 + i;
      consumer_->Append({topic, partition}, record);
    }
  }

  SourceContext Context() {
    SourceContext context;
    context.env = env_;
    context.checkpoint = Location{fs_, "/ck/sources/0"};
    context.available_now = available_now_ || once_;
    context.ignore_rate_limits = once_;
    context.began = began_;
    return context;
  }

  std::unique_ptr<KafkaSource> Open(Map options = {}) {
    if (!options.contains("assign") && !options.contains("subscribePattern")) options.insert({"subscribe", "t"});
    options.insert({{"startingOffsets", "earliest"}, {"fetchOffset.retryIntervalMs", "0"}});
    return std::make_unique<KafkaSource>(Context(), ParseKafkaOptions(Options(options), true).ValueOrDie(), consumer_);
  }

  Result<std::vector<std::string>> Tasks(KafkaSource* source, const std::string& start, const std::string& end) {
    SLUICE_ASSIGN(const auto tasks, source->PlanTasks(start, end));
    std::vector<std::string> identities;
    for (const InputPartition& task : tasks) identities.push_back(task.identity);
    return identities;
  }

  Result<std::string> Start(Map options) {
    fs_ = MakeMemoryFileSystem();
    return Open(std::move(options))->InitialOffset();
  }

  bool available_now_ = false;
  bool once_ = false;
  bool began_ = false;
  std::shared_ptr<SetBackClock> clock_ = std::make_shared<SetBackClock>(1'000'000);
  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::shared_ptr<Env> env_ = MakeTestEnv(clock_, fs_);
  std::shared_ptr<ScriptedConsumer> consumer_ = std::make_shared<ScriptedConsumer>();
};

TEST_F(KafkaSourceTest, TheStartIsDecidedOnce) {
  EXPECT_EQ(Open({{"startingOffsets", "latest"}})->InitialOffset().ValueOrDie(), R"({"t":{"0":10,"1":20}})");
  EXPECT_EQ(fs_->ReadFile("/ck/sources/0/0").ValueOrDie(), std::string("\0v1\n", 4) + R"({"t":{"0":10,"1":20}})");
  Add(0, 5);
  EXPECT_EQ(Open({{"startingOffsets", "earliest"}})->InitialOffset().ValueOrDie(), R"({"t":{"0":10,"1":20}})");
}

// Another start would leave records out, or read them again.
TEST_F(KafkaSourceTest, AStartThatABatchWasPlannedFromIsNotMadeUpAgain) {
  began_ = true;
  const Status status = Open({{"startingOffsets", "latest"}})->InitialOffset().status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_CHECKPOINT_DAMAGED")) << status;
  EXPECT_THAT(status.message(), HasSubstr("/ck/sources/0/0"));
  EXPECT_TRUE(IsNotFound(fs_->Stat("/ck/sources/0/0").status()));
}

TEST_F(KafkaSourceTest, EveryWayToSayTheStart) {
  EXPECT_EQ(*Start({}), R"({"t":{"0":0,"1":0}})");
  EXPECT_EQ(*Start({{"startingOffsets", R"({"t":{"0":-1,"1":3}})"}}), R"({"t":{"0":10,"1":3}})");
  EXPECT_EQ(*Start({{"startingTimestamp", "1004"}}), R"({"t":{"0":4,"1":4}})");
  EXPECT_EQ(*Start({{"startingOffsetsByTimestamp", R"({"t":{"0":1001,"1":1015}})"}}), R"({"t":{"0":1,"1":15}})");
  EXPECT_THAT(Start({{"startingTimestamp", "1015"}}).status().ToString(), HasSubstr("t-0"));
  EXPECT_EQ(*Start({{"startingTimestamp", "1015"}, {"startingOffsetsByTimestampStrategy", "latest"}}),
            R"({"t":{"0":10,"1":15}})");
  EXPECT_EQ(*Start({{"assign", R"({"t":[1]})"}}), R"({"t":{"1":0}})");
  Add(0, 1, "tau");
  EXPECT_EQ(*Start({{"subscribePattern", "t.u|x"}}), R"({"tau":{"0":0}})");
  EXPECT_EQ(*Start({{"subscribePattern", "t"}}), R"({"t":{"0":0,"1":0}})");
}

TEST_F(KafkaSourceTest, WrongStartsAreRefused) {
  EXPECT_THAT(Start({{"startingOffsets", R"({"t":{"0":1}})"}}).status().ToString(), HasSubstr("t-1"));
  EXPECT_THAT(Start({{"startingOffsets", R"({"t":{"0":1,"1":1,"7":1}})"}}).status().ToString(), HasSubstr("t-7"));
  EXPECT_FALSE(Start({{"startingOffsets", R"({"t":{"0":-3,"1":0}})"}}).ok());
  EXPECT_TRUE(HasErrorClass(Start({{"startingOffsets", R"({"t":{"0":11,"1":0}})"}}).status(),
                            "KAFKA_DATA_LOSS.START_OFFSET_RESET"));
  EXPECT_EQ(*Start({{"startingOffsets", R"({"t":{"0":11,"1":0}})"}, {"failOnDataLoss", "false"}}),
            R"({"t":{"0":10,"1":0}})");
  EXPECT_TRUE(HasErrorClass(Start({{"assign", R"({"t":[0,5]})"}}).status(), "SLUICE_KAFKA.UNKNOWN_TOPIC_OR_PARTITION"));
  EXPECT_FALSE(fs_->ReadFile("/ck/sources/0/0").ok());
}

TEST_F(KafkaSourceTest, LatestIsNothingWithoutNewRecords) {
  auto source = Open();
  const std::string end = *source->LatestOffset(R"({"t":{"0":0,"1":0}})").ValueOrDie();
  EXPECT_EQ(end, R"({"t":{"0":10,"1":20}})");
  EXPECT_FALSE(source->LatestOffset(end).ValueOrDie().has_value());
}

TEST_F(KafkaSourceTest, RateLimitAndNewPartitions) {
  auto source = Open({{"maxOffsetsPerTrigger", "6"}});
  EXPECT_EQ(*source->LatestOffset(R"({"t":{"0":0,"1":0}})").ValueOrDie(), R"({"t":{"0":2,"1":4}})");
  Add(2, 30);
  consumer_->DeleteBefore({"t", 2}, 0);
  EXPECT_EQ(*source->LatestOffset(R"({"t":{"0":10,"1":20}})").ValueOrDie(), R"({"t":{"0":10,"1":20,"2":6}})");
  EXPECT_THAT(Tasks(source.get(), R"({"t":{"0":10,"1":20}})", R"({"t":{"0":10,"1":20,"2":6}})").ValueOrDie(),
              testing::ElementsAre("t-2:0:6"));
}

TEST_F(KafkaSourceTest, NewPartitionThatLostItsBeginning) {
  Add(2, 5);
  consumer_->DeleteBefore({"t", 2}, 3);
  const char* start = R"({"t":{"0":10,"1":20}})";
  const char* end = R"({"t":{"0":10,"1":20,"2":5}})";
  EXPECT_TRUE(HasErrorClass(Tasks(Open().get(), start, end).status(),
                            "KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO"));
  const auto lenient = Open({{"failOnDataLoss", "false"}});
  EXPECT_THAT(Tasks(lenient.get(), start, end).ValueOrDie(), testing::ElementsAre("t-2:3:5"));
  std::map<std::string, std::string> metrics;
  std::optional<std::string> latest;
  ASSERT_TRUE(lenient->Committed(end, &metrics, &latest).ok());
  EXPECT_EQ(metrics["dataLosses"], "1");
  consumer_->DropPartition({"t", 2});
  EXPECT_TRUE(HasErrorClass(Tasks(Open().get(), start, end).status(),
                            "KAFKA_DATA_LOSS.INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS"));
}

TEST_F(KafkaSourceTest, StaleEndOffsetsAreAskedForAgain) {  // SPARK-26267
  auto source = Open();
  consumer_->PushLatest({{{"t", 0}, 3}, {{"t", 1}, 20}});
  consumer_->PushLatest({{{"t", 0}, 3}});
  EXPECT_EQ(*source->LatestOffset(R"({"t":{"0":8,"1":20}})").ValueOrDie(), R"({"t":{"0":10,"1":20}})");
  for (int i = 0; i < 4; ++i) consumer_->PushLatest({{{"t", 0}, 3}, {{"t", 1}, 20}});
  EXPECT_TRUE(HasErrorClass(source->LatestOffset(R"({"t":{"0":8,"1":20}})").status(),
                            "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED"));
}

TEST_F(KafkaSourceTest, EmptyMetadataIsAskedForAgain) {  // SPARK-41375
  auto source = Open();
  consumer_->PushPartitions({});
  consumer_->PushPartitions({});
  EXPECT_EQ(*source->LatestOffset(R"({"t":{"0":8,"1":20}})").ValueOrDie(), R"({"t":{"0":10,"1":20}})");
  for (int i = 0; i < 8; ++i) consumer_->PushPartitions({});
  EXPECT_TRUE(
      HasErrorClass(source->LatestOffset(R"({"t":{"0":8,"1":20}})").status(), "KAFKA_DATA_LOSS.PARTITIONS_DELETED"));
  EXPECT_FALSE(Open({{"failOnDataLoss", "false"}})->LatestOffset(R"({"t":{"0":8,"1":20}})").ValueOrDie().has_value());
}

TEST_F(KafkaSourceTest, DeletedPartition) {
  consumer_->DropPartition({"t", 1});
  const char* start = R"({"t":{"0":8,"1":20}})";
  EXPECT_TRUE(HasErrorClass(Open()->LatestOffset(start).status(), "KAFKA_DATA_LOSS.PARTITIONS_DELETED"));
  auto going_on = Open({{"failOnDataLoss", "false"}});
  EXPECT_EQ(*going_on->LatestOffset(start).ValueOrDie(), R"({"t":{"0":10}})");
  EXPECT_THAT(Tasks(going_on.get(), start, R"({"t":{"0":10}})").ValueOrDie(), testing::ElementsAre("t-0:8:10"));
}

TEST_F(KafkaSourceTest, AvailableNowFreezesTheEnd) {
  available_now_ = true;
  auto source = Open({{"maxOffsetsPerTrigger", "15"}});
  EXPECT_EQ(*source->LatestOffset(R"({"t":{"0":0,"1":0}})").ValueOrDie(), R"({"t":{"0":5,"1":10}})");
  Add(0, 100);
  Add(7, 100);
  EXPECT_EQ(*source->LatestOffset(R"({"t":{"0":5,"1":10}})").ValueOrDie(), R"({"t":{"0":10,"1":20}})");
  EXPECT_FALSE(source->LatestOffset(R"({"t":{"0":10,"1":20}})").ValueOrDie().has_value());
}

TEST_F(KafkaSourceTest, OnceTakesAllThatIsThereWhateverTheRateLimits) {
  once_ = true;
  auto source = Open({{"maxOffsetsPerTrigger", "6"}, {"minOffsetsPerTrigger", "5"}});
  EXPECT_EQ(*source->LatestOffset(R"({"t":{"0":0,"1":0}})").ValueOrDie(), R"({"t":{"0":10,"1":20}})");
  EXPECT_EQ(*Open({{"minOffsetsPerTrigger", "100"}})->LatestOffset(R"({"t":{"0":9,"1":20}})").ValueOrDie(),
            R"({"t":{"0":10,"1":20}})");
}

TEST_F(KafkaSourceTest, MinOffsetsWaitForTheDelay) {
  auto source = Open({{"minOffsetsPerTrigger", "10"}, {"maxTriggerDelay", "60s"}});
  EXPECT_TRUE(source->LatestOffset(R"({"t":{"0":9,"1":20}})").ValueOrDie().has_value());  // the first is never delayed
  EXPECT_FALSE(source->LatestOffset(R"({"t":{"0":9,"1":12}})").ValueOrDie().has_value());
  EXPECT_TRUE(source->LatestOffset(R"({"t":{"0":8,"1":12}})").ValueOrDie().has_value());
  clock_->Advance(59'999);
  EXPECT_FALSE(source->LatestOffset(R"({"t":{"0":9,"1":20}})").ValueOrDie().has_value());
  clock_->Advance(1);
  EXPECT_TRUE(source->LatestOffset(R"({"t":{"0":9,"1":20}})").ValueOrDie().has_value());
}

TEST_F(KafkaSourceTest, AClockThatIsSetBackHoldsNoTriggerUp) {
  auto source = Open({{"minOffsetsPerTrigger", "10"}, {"maxTriggerDelay", "60s"}});
  EXPECT_TRUE(source->LatestOffset(R"({"t":{"0":9,"1":20}})").ValueOrDie().has_value());
  clock_->SetBack(3'600'000);
  EXPECT_FALSE(source->LatestOffset(R"({"t":{"0":9,"1":20}})").ValueOrDie().has_value());
  clock_->Advance(60'000);
  EXPECT_TRUE(source->LatestOffset(R"({"t":{"0":9,"1":20}})").ValueOrDie().has_value());
}

// Between the plan of a batch and its tasks: the start of the log moves to the first record of the range, and past it.
TEST_F(KafkaSourceTest, RetentionUpToTheFirstRecordOfABatchLosesNothing) {
  auto source = Open();
  const char* start = R"({"t":{"0":4,"1":20}})";
  const char* end = R"({"t":{"0":10,"1":20}})";
  const auto rows = [&](KafkaSource* from) -> Result<int64_t> {
    SLUICE_ASSIGN(const auto tasks, from->PlanTasks(start, end));
    SLUICE_ASSIGN(const auto reader, from->OpenReader(tasks.at(0), {kOffset}));
    SLUICE_ASSIGN(const auto slice, reader->Next());
    return slice == nullptr ? 0 : slice->num_rows();
  };
  consumer_->DeleteBefore({"t", 0}, 4);
  EXPECT_EQ(rows(source.get()).ValueOrDie(), 6);
  consumer_->DeleteBefore({"t", 0}, 5);
  EXPECT_TRUE(HasErrorClass(rows(source.get()).status(), "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE"));
  EXPECT_EQ(rows(Open({{"failOnDataLoss", "false"}}).get()).ValueOrDie(), 5);
  // Of a whole range that is gone nothing is left to read.
  consumer_->DeleteBefore({"t", 0}, 10);
  EXPECT_TRUE(HasErrorClass(rows(source.get()).status(), "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE"));
  EXPECT_EQ(rows(Open({{"failOnDataLoss", "false"}}).get()).ValueOrDie(), 0);
}

TEST_F(KafkaSourceTest, ProgressAsInSpark) {
  auto source = Open();
  EXPECT_EQ(source->description(), "KafkaV2[Subscribe[t]]");
  ASSERT_TRUE(source->LatestOffset(R"({"t":{"0":0,"1":0}})").ok());
  std::map<std::string, std::string> metrics;
  std::optional<std::string> latest;
  ASSERT_TRUE(source->Committed(R"({"t":{"0":10,"1":15}})", &metrics, &latest).ok());
  EXPECT_EQ(*latest, R"({"t":{"0":10,"1":20}})");
  EXPECT_EQ(metrics,
            (Map{{"minOffsetsBehindLatest", "0"}, {"maxOffsetsBehindLatest", "5"}, {"avgOffsetsBehindLatest", "2.5"}}));
}

TEST_F(KafkaSourceTest, BatchReadsFromStartToEnd) {
  const auto identities = [&](Map options) {
    options.insert({"subscribe", "t"});
    KafkaBatchSource source(Context(), ParseKafkaOptions(Options(options), false).ValueOrDie(), consumer_);
    std::vector<std::string> found;
    for (const InputPartition& task : source.PlanTasks().ValueOrDie()) found.push_back(task.identity);
    return found;
  };
  EXPECT_THAT(identities({}), testing::ElementsAre("t-0:0:10", "t-1:0:20"));
  EXPECT_THAT(
      identities({{"startingOffsets", R"({"t":{"0":4,"1":-2}})"}, {"endingOffsets", R"({"t":{"0":6,"1":-1}})"}}),
      testing::ElementsAre("t-0:4:6", "t-1:0:20"));
  EXPECT_THAT(identities({{"startingTimestamp", "1002"}, {"endingTimestamp", "1015"}}),
              testing::ElementsAre("t-0:2:10", "t-1:2:15"));
  EXPECT_THAT(identities({{"maxRecordsPerPartition", "15"}}),
              testing::ElementsAre("t-0:0:10", "t-1:0:10", "t-1:10:20"));
}

// Spark's classes; it reads nothing in silence only where start and end are the same.
TEST_F(KafkaSourceTest, BatchWithItsStartBehindItsEndIsRefused) {
  const auto status = [&](Map options) -> Status {
    options.insert({"subscribe", "t"});
    SLUICE_ASSIGN(KafkaOptions parsed, ParseKafkaOptions(Options(options), false));
    return KafkaBatchSource(Context(), std::move(parsed), consumer_).PlanTasks().status();
  };
  EXPECT_TRUE(HasErrorClass(
      status({{"startingOffsets", R"({"t":{"0":6,"1":0}})"}, {"endingOffsets", R"({"t":{"0":4,"1":-1}})"}}),
      "UNRESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET"));
  // A start beyond the log is a data loss already, as when the topic was made anew.
  EXPECT_FALSE(status({{"startingOffsets", R"({"t":{"0":11,"1":-2}})"}}).ok());
  EXPECT_TRUE(
      HasErrorClass(status({{"startingTimestamp", "1016"}, {"endingTimestamp", "1015"}}), "SLUICE_INVALID_OPTION"));
  // Only the broker can tell that the record of 1,004 ms is the one with offset 4.
  EXPECT_TRUE(HasErrorClass(status({{"startingOffsets", R"({"t":{"0":5,"1":0}})"}, {"endingTimestamp", "1004"}}),
                            "RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET"));
  EXPECT_TRUE(status({{"startingOffsets", R"({"t":{"0":4,"1":0}})"}, {"endingTimestamp", "1004"}}).ok());
  EXPECT_TRUE(status({{"startingOffsets", R"({"t":{"0":10,"1":20}})"}}).ok());
}

TEST_F(KafkaSourceTest, DamagedOffsetsInTheCheckpointAreNamed) {
  EXPECT_FALSE(Open()->LatestOffset("x").ok());
  ASSERT_TRUE(fs_->CreateAtomic("/ck/sources/0/0", std::string("\0v1\n[1]", 7)).ok());
  EXPECT_THAT(Open()->InitialOffset().status().ToString(), HasSubstr("/ck/sources/0/0"));
}

TEST_F(KafkaSourceTest, TellsAConsumerGroupHowFarItIs) {
  const auto silent = Open();
  ASSERT_TRUE(silent->Committed(R"({"t":{"0":3,"1":4}})", nullptr, nullptr).ok());
  EXPECT_TRUE(consumer_->GroupOffsets("").empty());
  const auto source = Open({{"commitGroup", "watchers"}});
  ASSERT_TRUE(source->Committed(R"({"t":{"0":5,"1":6}})", nullptr, nullptr).ok());
  EXPECT_EQ(consumer_->GroupOffsets("watchers"), (PartitionOffsets{{{"t", 0}, 5}, {{"t", 1}, 6}}));
}

}  // namespace
}  // namespace sluice
