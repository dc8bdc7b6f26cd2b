// SPDX-License-Identifier: Apache-2.0
// The Kafka sink against librdkafka's mock broker that refuses what is produced: no row is lost in silence.
#include "connectors/kafka/kafka_sink.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "connectors/kafka/embedded_broker.h"
#include "connectors/registry.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int kProduceRequest = 0;

class KafkaSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    broker_ = EmbeddedBroker::Start().ValueOrDie();
    ASSERT_TRUE(broker_->CreateTopic("t", 1).ok());
  }

  std::unique_ptr<StreamSink> Open(std::map<std::string, std::string> options = {}) {
    SinkContext context;
    context.env = env_;
    context.schema = arrow::schema({arrow::field("value", StringType()), arrow::field("topic", StringType())});
    options.insert({"kafka.bootstrap.servers", broker_->bootstrap_servers()});
    context.options = Options(options);
    return FindConnector("kafka").ValueOrDie()->open_sink(context).ValueOrDie();
  }

  static std::shared_ptr<arrow::RecordBatch> Rows(int count, const std::string& topic = "t") {
    arrow::StringViewBuilder values, topics;
    for (int i = 0; i < count; ++i) {
      EXPECT_TRUE(values.Append(fmt::format("value {}", i)).ok());
      EXPECT_TRUE(
          (topic.empty() && i == count - 1 ? topics.AppendNull() : topics.Append(topic.empty() ? "t" : topic)).ok());
    }
    return arrow::RecordBatch::Make(
        arrow::schema({arrow::field("value", StringType()), arrow::field("topic", StringType())}), count,
        {values.Finish().ValueOrDie(), topics.Finish().ValueOrDie()});
  }

  // How many records the topic has.
  int64_t Records() {
    SourceContext context;
    context.env = env_;
    context.checkpoint = Location{fs_, fmt::format("/ck/sources/{}", readers_++)};
    context.options = Options(std::map<std::string, std::string>{
        {"kafka.bootstrap.servers", broker_->bootstrap_servers()}, {"subscribe", "t"}, {"startingOffsets", "latest"}});
    const auto source = FindConnector("kafka").ValueOrDie()->open_stream(context).ValueOrDie();
    const std::string end = source->InitialOffset().ValueOrDie();
    return std::stoll(end.substr(end.rfind(':') + 1));
  }

  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::shared_ptr<Env> env_ = MakeTestEnv(std::make_shared<ManualClock>(1'700'000'000'000), fs_);
  std::unique_ptr<EmbeddedBroker> broker_;
  int readers_ = 0;
};

TEST_F(KafkaSinkTest, ADeliveryThatFailsFailsTheTask) {
  for (const auto code : {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_RECORD,
                          RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}) {
    SCOPED_TRACE(rd_kafka_err2name(code));
    const int64_t before = Records();
    const auto sink = Open({{"kafka.enable.idempotence", "false"}});
    const auto writer = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
    // One for each record: the client may send the first ones before the others are there.
    const std::vector<rd_kafka_resp_err_t> refusals(10, code);
    rd_kafka_mock_push_request_errors_array(broker_->cluster(), kProduceRequest, refusals.size(), refusals.data());
    const Status written = writer->Write(Rows(10));
    const Status status = written.ok() ? writer->Finish().status() : written;
    EXPECT_FALSE(status.ok());
    EXPECT_NE(FindSparkError(status), nullptr) << status;
    EXPECT_NE(status.ToString().find("topic t"), std::string::npos) << status;
    EXPECT_EQ(Records(), before);
    rd_kafka_mock_clear_request_errors(broker_->cluster(), kProduceRequest);
  }
}

// What came before it was taken: the task fails all the same, and the next one of the producer is not blamed for it.
TEST_F(KafkaSinkTest, ARefusalAfterGoodRecordsFailsTheTask) {
  const auto sink = Open({{"kafka.enable.idempotence", "false"}});
  const auto writer = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
  ASSERT_TRUE(writer->Write(Rows(10)).ok());
  while (Records() < 10) {
  }
  rd_kafka_mock_push_request_errors(broker_->cluster(), kProduceRequest, 1, RD_KAFKA_RESP_ERR_INVALID_RECORD);
  Status status = writer->Write(Rows(5));
  if (status.ok()) status = writer->Finish().status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.ToString().find("not delivered"), std::string::npos) << status;
  const auto next = sink->OpenTask(BatchId(1), TaskId(0), "x").ValueOrDie();
  ASSERT_TRUE(next->Write(Rows(10)).ok());
  EXPECT_EQ(next->Finish().ValueOrDie()->rows, 10);
  EXPECT_EQ(Records(), 20);
}

TEST_F(KafkaSinkTest, PassingTroubleIsWaitedOutAndEachRecordIsThereOnce) {
  for (const auto code : {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                          RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT}) {
    SCOPED_TRACE(rd_kafka_err2name(code));
    const int64_t before = Records();
    const auto sink = Open();
    const auto writer = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
    rd_kafka_mock_push_request_errors(broker_->cluster(), kProduceRequest, 1, code);
    ASSERT_TRUE(writer->Write(Rows(50)).ok());
    const auto finished = writer->Finish();
    ASSERT_TRUE(finished.ok()) << finished.status();
    EXPECT_EQ((*finished)->rows, 50);
    EXPECT_EQ(Records(), before + 50);
  }
}

TEST_F(KafkaSinkTest, ARowWithoutATopicFailsByName) {
  const auto sink = Open();
  const auto writer = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
  const Status status = writer->Write(Rows(3, ""));
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_INVALID_OPTION")) << status;
}

// A task that is given up takes back what is not on its way yet, and waits for the rest: nothing reports to it later.
TEST_F(KafkaSinkTest, AnAbandonedTaskEndsWithoutABroker) {
  const auto sink = Open();
  {
    const auto writer = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
    broker_.reset();
    std::ignore = writer->Write(Rows(100));
  }
  SUCCEED();
}

// A record that is larger than the producer may send is refused at once.
TEST_F(KafkaSinkTest, ATooLargeRecordFailsAtOnce) {
  const auto sink = Open({{"kafka.max.request.size", "1000"}});
  const auto writer = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
  arrow::StringViewBuilder values, topics;
  ASSERT_TRUE(values.Append(std::string(2000, 'x')).ok() && topics.Append("t").ok());
  const auto rows =
      arrow::RecordBatch::Make(Rows(1)->schema(), 1, {values.Finish().ValueOrDie(), topics.Finish().ValueOrDie()});
  const Status status = writer->Write(rows);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.ToString().find("topic t"), std::string::npos) << status;
}

}  // namespace
}  // namespace sluice
