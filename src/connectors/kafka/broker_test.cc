// SPDX-License-Identifier: Apache-2.0
// The source over librdkafka against its own mock broker, in this process.
#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "connectors/kafka/demo_feeder.h"
#include "connectors/kafka/embedded_broker.h"
#include "connectors/kafka/kafka_sink.h"
#include "connectors/kafka/kafka_source.h"
#include "connectors/kafka/offset_json.h"
#include "connectors/registry.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

class BrokerTest : public testing::Test {
 protected:
  void SetUp() override {
    broker_ = EmbeddedBroker::Start().ValueOrDie();
    ASSERT_TRUE(broker_->CreateTopic("reviews", 2).ok());
  }

  SourceContext Context(std::map<std::string, std::string> options) {
    SourceContext context;
    context.env = env_;
    options.insert({{"kafka.bootstrap.servers", broker_->bootstrap_servers()},
                    {"subscribe", "reviews"},
                    {"startingOffsets", "earliest"}});
    context.options = Options(options);
    context.checkpoint = Location{fs_, "/ck/sources/0"};
    context.budget = &budget_;
    return context;
  }

  std::unique_ptr<StreamSource> Open(std::map<std::string, std::string> options = {}) {
    const auto* connector = FindConnector("kafka").ValueOrDie();
    return connector->open_stream(Context(std::move(options))).ValueOrDie();
  }

  void Produce(int32_t partition, int begin, int end) {
    for (int i = begin; i < end; ++i) {
      ASSERT_TRUE(broker_->Produce("reviews", partition, fmt::format("p{}-record {}", partition, i), 1000 + i).ok());
    }
    ASSERT_TRUE(broker_->Flush().ok());
  }

  // Every value of [start, end), and the number of slices.
  std::vector<std::string> Read(StreamSource* source, const std::string& start, const std::string& end,
                                int* slices = nullptr) {
    std::vector<std::string> values;
    auto tasks = source->PlanTasks(start, end);
    EXPECT_TRUE(tasks.ok()) << tasks.status();
    if (!tasks.ok()) return values;
    for (const InputPartition& task : *tasks) {
      auto reader = source->OpenReader(task, {kValue, kOffset}).ValueOrDie();
      for (;;) {
        auto slice = reader->Next();
        EXPECT_TRUE(slice.ok()) << slice.status();
        if (!slice.ok() || *slice == nullptr) break;
        if (slices != nullptr) ++*slices;
        const auto& column = static_cast<const arrow::BinaryViewArray&>(*(*slice)->column(0));
        EXPECT_TRUE((*slice)->ValidateFull().ok());
        for (int64_t row = 0; row < column.length(); ++row) values.emplace_back(column.GetView(row));
      }
    }
    return values;
  }

  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::shared_ptr<Env> env_ = MakeTestEnv(std::make_shared<ManualClock>(1'700'000'000'000), fs_);
  MemoryBudget budget_{128 << 20};
  std::unique_ptr<EmbeddedBroker> broker_;
};

TEST_F(BrokerTest, StreamsTwoPartitionsInBatches) {
  Produce(0, 0, 3000);
  Produce(1, 0, 10);
  auto source = Open();
  const std::string start = source->InitialOffset().ValueOrDie();
  EXPECT_EQ(start, R"({"reviews":{"0":0,"1":0}})");
  const auto end = source->LatestOffset(start).ValueOrDie();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(*end, R"({"reviews":{"0":3000,"1":10}})");
  int slices = 0;
  const auto values = Read(source.get(), start, *end, &slices);
  ASSERT_EQ(values.size(), 3010u);
  EXPECT_EQ(slices, 4);  // 1024 + 1024 + 952, and 10
  EXPECT_EQ(values[0], "p0-record 0");
  EXPECT_EQ(values[2999], "p0-record 2999");
  EXPECT_EQ(values[3009], "p1-record 9");
  std::map<std::string, std::string> metrics;
  std::optional<std::string> latest;
  ASSERT_TRUE(source->Committed(*end, &metrics, &latest).ok());
  EXPECT_EQ(metrics["maxOffsetsBehindLatest"], "0");
  EXPECT_FALSE(source->LatestOffset(*end).ValueOrDie().has_value());
  Produce(1, 10, 12);
  const auto next = source->LatestOffset(*end).ValueOrDie();
  EXPECT_THAT(Read(source.get(), *end, *next), testing::ElementsAre("p1-record 10", "p1-record 11"));
}

TEST_F(BrokerTest, ManyPartitionsAndSplitPartitions) {
  ASSERT_TRUE(broker_->CreateTopic("wide", 40).ok());
  for (int i = 0; i < 4000; ++i) ASSERT_TRUE(broker_->Produce("wide", i % 40, fmt::format("{}", i)).ok());
  ASSERT_TRUE(broker_->Flush().ok());
  auto source = Open({{"subscribe", "wide"}, {"maxOffsetsPerTrigger", "1000"}, {"minPartitions", "80"}});
  std::string at = source->InitialOffset().ValueOrDie();
  std::vector<int> seen(4000);
  for (int batch = 0; batch < 4; ++batch) {
    const auto end = source->LatestOffset(at).ValueOrDie();
    ASSERT_TRUE(end.has_value());
    for (const std::string& value : Read(source.get(), at, *end)) ++seen[std::stoi(value)];
    at = *end;
  }
  EXPECT_THAT(seen, testing::Each(1));
  EXPECT_FALSE(source->LatestOffset(at).ValueOrDie().has_value());
}

TEST_F(BrokerTest, TasksOfOnePartitionReadAtTheSameTime) {
  Produce(0, 0, 100);
  auto source = Open({{"maxRecordsPerPartition", "50"}});
  const auto tasks = source->PlanTasks(R"({"reviews":{"0":0,"1":0}})", R"({"reviews":{"0":100,"1":0}})").ValueOrDie();
  ASSERT_EQ(tasks.size(), 2u);
  auto first = source->OpenReader(tasks[0], {kOffset}).ValueOrDie();
  auto second = source->OpenReader(tasks[1], {kOffset}).ValueOrDie();
  EXPECT_EQ(second->Next().ValueOrDie()->num_rows(), 50);
  EXPECT_EQ(first->Next().ValueOrDie()->num_rows(), 50);
  EXPECT_EQ(first->PlaceOf(49), "topic reviews, partition 0, offset 49");
}

// Each used to take an eighth of the budget and to wait for it: eight left nothing to their own tasks, for ever.
TEST_F(BrokerTest, ManyQueriesLeaveTheBudgetToTheirTasks) {
  Produce(0, 0, 100);
  const auto* connector = FindConnector("kafka").ValueOrDie();
  std::vector<std::unique_ptr<StreamSource>> sources;
  Status refused;
  while (refused.ok() && sources.size() < 100) {
    auto source = connector->open_stream(Context({}));
    refused = source.status();
    if (refused.ok()) sources.push_back(std::move(*source));
  }
  EXPECT_TRUE(HasErrorClass(refused, "SLUICE_MEMORY_BUDGET")) << refused;
  EXPECT_GE(sources.size(), 10U);
  EXPECT_LE(budget_.used(), budget_.limit() / 4);
  EXPECT_THAT(Read(sources.back().get(), R"({"reviews":{"0":0,"1":0}})", R"({"reviews":{"0":100,"1":0}})"),
              testing::SizeIs(100));
  sources.clear();
  EXPECT_EQ(budget_.used(), 0);
}

TEST_F(BrokerTest, UnknownTopicIsToldQuickly) {
  const Status status =
      Open({{"subscribe", "no-such-topic"}, {"fetchOffset.numRetries", "0"}})->InitialOffset().status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_KAFKA.UNKNOWN_TOPIC_OR_PARTITION")) << status;
}

TEST_F(BrokerTest, RecordsThatTheBrokerDroppedAreALoss) {
  const std::string big(100'000, 'x');
  for (int i = 0; i < 100; ++i) {  // 10 MB; the broker keeps 5 MiB
    ASSERT_TRUE(broker_->Produce("reviews", 0, big).ok());
    if (i % 10 == 9) {
      ASSERT_TRUE(broker_->Flush().ok());
    }
  }
  const std::string start = R"({"reviews":{"0":0,"1":0}})";
  auto strict = Open();
  const std::string end = *strict->LatestOffset(start).ValueOrDie();
  auto reader = strict->OpenReader(strict->PlanTasks(start, end).ValueOrDie()[0], {kOffset}).ValueOrDie();
  EXPECT_TRUE(HasErrorClass(reader->Next().status(), "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE"));
  auto lenient = Open({{"failOnDataLoss", "false"}});
  const auto values = Read(lenient.get(), start, end);
  EXPECT_GT(values.size(), 20u);
  EXPECT_LT(values.size(), 60u);
}

TEST_F(BrokerTest, AnOffsetBeyondTheEndDoesNotRewind) {  // lakehq/sail 2267
  Produce(0, 0, 10);
  const std::string start = R"({"reviews":{"0":50,"1":0}})";
  const std::string end = R"({"reviews":{"0":60,"1":0}})";
  auto strict = Open();
  auto reader = strict->OpenReader(strict->PlanTasks(start, end).ValueOrDie()[0], {kOffset}).ValueOrDie();
  EXPECT_TRUE(HasErrorClass(reader->Next().status(), "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE"));
  EXPECT_TRUE(Read(Open({{"failOnDataLoss", "false"}}).get(), start, end).empty());
}

TEST_F(BrokerTest, TroubleThatPassesIsWaitedOut) {
  Produce(0, 0, 10);
  auto source = Open();
  const std::string start = source->InitialOffset().ValueOrDie();
  rd_kafka_mock_push_request_errors(broker_->cluster(), 2 /* ListOffsets */, 2, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                                    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  const auto end = source->LatestOffset(start).ValueOrDie();
  rd_kafka_mock_push_request_errors(broker_->cluster(), 1 /* Fetch */, 2, RD_KAFKA_RESP_ERR__TRANSPORT,
                                    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  EXPECT_EQ(Read(source.get(), start, *end).size(), 10u);
}

// Codes of a broker that cannot be staged on a real one. Each comes once, and then the broker answers.
constexpr rd_kafka_resp_err_t kPassingCodes[] = {
    RD_KAFKA_RESP_ERR_UNKNOWN,
    RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
    RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
    RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
    RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
    RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
    RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
    RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR__TRANSPORT,
};
constexpr int kFetchRequest = 1;
constexpr int kListOffsetsRequest = 2;
constexpr int kMetadataRequest = 3;

TEST_F(BrokerTest, EveryPassingCodeIsWaitedOut) {
  Produce(0, 0, 10);
  const std::string start = R"({"reviews":{"0":0,"1":0}})";
  for (const auto code : kPassingCodes) {
    for (const int request : {kListOffsetsRequest, kMetadataRequest, kFetchRequest}) {
      SCOPED_TRACE(fmt::format("{} to request {}", rd_kafka_err2name(code), request));
      // The clock of these tests stands still: no wait between tries.
      auto source = Open({{"fetchOffset.retryIntervalMs", "0"}});
      ASSERT_TRUE(source->LatestOffset(start).ok());
      rd_kafka_mock_push_request_errors(broker_->cluster(), request, 1, code);
      const auto end = source->LatestOffset(start);
      ASSERT_TRUE(end.ok()) << end.status();
      EXPECT_EQ(Read(source.get(), start, **end).size(), 10u);
      rd_kafka_mock_clear_request_errors(broker_->cluster(), request);
    }
  }
}

TEST_F(BrokerTest, CodesThatWaitingDoesNotCureFailAtOnce) {
  Produce(0, 0, 10);
  const std::string start = R"({"reviews":{"0":0,"1":0}})";
  for (const auto& [code, error_class] : std::vector<std::pair<rd_kafka_resp_err_t, std::string>>{
           {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "SLUICE_KAFKA.AUTHORIZATION"},
           {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "SLUICE_KAFKA.AUTHORIZATION"},
           {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, "SLUICE_KAFKA.AUTHENTICATION"},
           {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, "SLUICE_KAFKA"}}) {
    auto source = Open();
    rd_kafka_mock_push_request_errors(broker_->cluster(), kListOffsetsRequest, 1, code);
    const Status status = source->LatestOffset(start).status();
    EXPECT_TRUE(HasErrorClass(status, error_class)) << rd_kafka_err2name(code) << ": " << status;
    rd_kafka_mock_clear_request_errors(broker_->cluster(), kListOffsetsRequest);
  }
}

TEST_F(BrokerTest, MissingRightsAreToldAtOnce) {
  Produce(0, 0, 1);
  auto source = Open();
  const std::string start = source->InitialOffset().ValueOrDie();
  rd_kafka_mock_push_request_errors(broker_->cluster(), 2 /* ListOffsets */, 1,
                                    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  EXPECT_TRUE(HasErrorClass(source->LatestOffset(start).status(), "SLUICE_KAFKA.AUTHORIZATION"));
}

TEST_F(BrokerTest, CancelEndsAWaitingRead) {
  Produce(0, 0, 1);
  auto source = Open();
  const std::string end = R"({"reviews":{"0":5,"1":0}})";  // four records that never come
  auto reader = source->OpenReader(source->PlanTasks(R"({"reviews":{"0":0,"1":0}})", end).ValueOrDie()[0], {kOffset})
                    .ValueOrDie();
  std::thread canceller([&] { reader->Cancel(); });
  EXPECT_TRUE(reader->Next().status().IsCancelled());
  canceller.join();
}

TEST_F(BrokerTest, FeederStaysAheadOfTheQueryByLessThanTheBrokerKeeps) {
  ASSERT_TRUE(broker_->CreateTopic("fed", 2).ok());
  DemoFeeder feeder(broker_.get(), "fed", 2, 42);
  constexpr int64_t kRecords = 40'000;  // 18 MB through 2 x 5 MiB
  feeder.Start(kRecords);
  ASSERT_TRUE(feeder.AwaitWindow().ok());
  EXPECT_LT(feeder.fed(), kRecords);
  auto source = Open({{"subscribe", "fed"}});
  std::string at = source->InitialOffset().ValueOrDie();
  int64_t rows = 0;
  while (rows < kRecords) {
    const auto end = source->LatestOffset(at).ValueOrDie();
    if (!end) continue;
    rows += static_cast<int64_t>(Read(source.get(), at, *end).size());
    at = *end;
    ASSERT_TRUE(feeder.OnCommitted(at).ok());
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(rows, kRecords);
  EXPECT_EQ(feeder.fed(), kRecords);
  EXPECT_TRUE(feeder.Stop().ok());
}

// So each run of the demo cuts the same batches.
TEST_F(BrokerTest, AllThatFitsTheWindowOfAFeederIsThereBeforeAQueryStarts) {
  ASSERT_TRUE(broker_->CreateTopic("fed", 2).ok());
  DemoFeeder feeder(broker_.get(), "fed", 2, 42);
  feeder.Start(5000);
  ASSERT_TRUE(feeder.AwaitWindow().ok());
  auto source = Open({{"subscribe", "fed"}});
  EXPECT_EQ(source->LatestOffset(source->InitialOffset().ValueOrDie()).ValueOrDie(), R"({"fed":{"0":2500,"1":2500}})");
  EXPECT_TRUE(feeder.Stop().ok());
}

TEST_F(BrokerTest, SinkWritesRowsThatTheSourceReads) {
  auto schema = arrow::schema({arrow::field("key", StringType()), arrow::field("value", BinaryType()),
                               arrow::field("partition", arrow::int32())});
  arrow::StringViewBuilder keys;
  arrow::BinaryViewBuilder values;
  arrow::Int32Builder partitions;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE((i % 2 ? keys.Append("a key") : keys.AppendNull()).ok());
    ASSERT_TRUE(values.Append(fmt::format("a value longer than inline {}", i)).ok());
    ASSERT_TRUE(partitions.Append(1).ok());
  }
  SinkContext context;
  context.env = env_;
  context.schema = schema;
  context.options = Options(std::map<std::string, std::string>{
      {"kafka.bootstrap.servers", broker_->bootstrap_servers()}, {"topic", "reviews"}});
  auto sink = FindConnector("kafka").ValueOrDie()->open_sink(context).ValueOrDie();
  auto writer = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
  ASSERT_TRUE(writer
                  ->Write(arrow::RecordBatch::Make(
                      schema, 500,
                      {keys.Finish().ValueOrDie(), values.Finish().ValueOrDie(), partitions.Finish().ValueOrDie()}))
                  .ok());
  EXPECT_EQ(writer->Finish().ValueOrDie()->rows, 500);
  auto source = Open();
  const auto end = source->LatestOffset(R"({"reviews":{"0":0,"1":0}})").ValueOrDie();
  EXPECT_EQ(*end, R"({"reviews":{"0":0,"1":500}})");
  const auto read = Read(source.get(), R"({"reviews":{"0":0,"1":0}})", *end);
  ASSERT_EQ(read.size(), 500u);
  EXPECT_EQ(read[499], "a value longer than inline 499");
}

TEST_F(BrokerTest, SinkColumnsAreChecked) {
  const auto value = arrow::field("value", StringType());
  const auto columns = [](arrow::FieldVector fields, bool topic) {
    return FindSinkColumns(arrow::Schema(fields), topic).status();
  };
  EXPECT_TRUE(columns({value}, true).ok());
  EXPECT_TRUE(columns({value, arrow::field("Topic", StringType())}, false).ok());
  EXPECT_FALSE(columns({value}, false).ok());
  EXPECT_FALSE(columns({arrow::field("key", StringType())}, true).ok());
  EXPECT_FALSE(columns({value, arrow::field("extra", StringType())}, true).ok());
  EXPECT_FALSE(columns({value, arrow::field("partition", arrow::int64())}, true).ok());
}

}  // namespace
}  // namespace sluice
