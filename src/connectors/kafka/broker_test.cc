// SPDX-License-Identifier: Apache-2.0
// The source over librdkafka against its own mock broker, in this process.
#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "connectors/kafka/embedded_broker.h"
#include "connectors/kafka/kafka_source.h"
#include "connectors/kafka/offset_json.h"
#include "connectors/registry.h"

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

}  // namespace
}  // namespace sluice
