// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/kafka_options.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/spark_error.h"

namespace sluice {
namespace {

using Map = std::map<std::string, std::string>;

Result<KafkaOptions> Parse(Map options, bool streaming = true) {
  if (!options.contains("subscribe") && !options.contains("assign") && !options.contains("subscribePattern")) {
    options["subscribe"] = "t";
  }
  return ParseKafkaOptions(Options(options), streaming);
}

TEST(KafkaOptions, DefaultsOfStreamAndBatch) {
  const KafkaOptions stream = Parse({}).ValueOrDie();
  EXPECT_EQ(stream.start.kind, OffsetLimit::Kind::kLatest);
  EXPECT_TRUE(stream.fail_on_data_loss);
  EXPECT_EQ(stream.poll_timeout_ms, 120000);
  EXPECT_EQ(stream.offset_retries, 3);
  EXPECT_EQ(stream.offset_retry_interval_ms, 10);
  EXPECT_EQ(stream.max_trigger_delay_ms, 900000);
  EXPECT_FALSE(stream.include_headers);
  const KafkaOptions batch = Parse({}, false).ValueOrDie();
  EXPECT_EQ(batch.start.kind, OffsetLimit::Kind::kEarliest);
  EXPECT_EQ(batch.end.kind, OffsetLimit::Kind::kLatest);
}

TEST(KafkaOptions, NamesAreFoundWithoutRegardToCase) {
  const KafkaOptions options =
      Parse({{"STARTINGOFFSETS", "Earliest"}, {"MaxOffsetsPerTrigger", "1000"}, {"failondataloss", "FALSE"}})
          .ValueOrDie();
  EXPECT_EQ(options.start.kind, OffsetLimit::Kind::kEarliest);
  EXPECT_EQ(options.max_offsets_per_trigger, 1000);
  EXPECT_FALSE(options.fail_on_data_loss);
}

TEST(KafkaOptions, TimestampBeatsTimestampsBeatOffsets) {
  Map all = {{"startingTimestamp", "1000"},
             {"startingOffsetsByTimestamp", R"({"t":{"0":2000}})"},
             {"startingOffsets", R"({"t":{"0":3}})"}};
  EXPECT_EQ(Parse(all)->start.kind, OffsetLimit::Kind::kTimestamp);
  all.erase("startingTimestamp");
  EXPECT_EQ(Parse(all)->start.kind, OffsetLimit::Kind::kTimestamps);
  EXPECT_FALSE(Parse(all)->start.latest_if_no_match);
  all["startingOffsetsByTimestampStrategy"] = "latest";
  EXPECT_TRUE(Parse(all)->start.latest_if_no_match);
  all.erase("startingOffsetsByTimestamp");
  EXPECT_EQ(Parse(all)->start.offsets.at({"t", 0}), 3);
}

TEST(KafkaOptions, ChoicesAndTheirDescription) {
  const KafkaOptions topics = Parse({{"subscribe", " b , a,,b"}}).ValueOrDie();
  EXPECT_THAT(topics.choice.topics, testing::ElementsAre("a", "b"));
  EXPECT_EQ(Parse({{"subscribe", "reviews"}})->choice_text, "Subscribe[reviews]");
  EXPECT_EQ(Parse({{"subscribePattern", "rev.*"}})->choice_text, "SubscribePattern[rev.*]");
  const KafkaOptions assigned = Parse({{"assign", R"({"t":[1,0]})"}}).ValueOrDie();
  EXPECT_EQ(assigned.choice.assignment.size(), 2u);
  EXPECT_EQ(assigned.choice_text, "Assign[t-0, t-1]");
}

TEST(KafkaOptions, WhatSparkRefusesIsRefused) {
  const Map stream_rows[] = {
      {{"subscribe", "a"}, {"assign", R"({"a":[0]})"}},
      {{"subscribe", " , "}},
      {{"subscribePattern", " "}},
      {{"assign", "x"}},
      {{"assign", "{}"}},
      {{"startingOffsets", "x"}},
      {{"startingOffsetsByTimestampStrategy", "foo"}},
      {{"startingTimestamp", "-1"}},
      {{"startingTimestamp", "now"}},
      {{"startingOffsetsByTimestamp", R"({"t":{"0":-1}})"}},
      {{"endingOffsets", "latest"}},
      {{"endingTimestamp", "1"}},
      {{"endingOffsetsByTimestamp", R"({"t":{"0":1}})"}},
      {{"minOffsetsPerTrigger", "10"}, {"maxOffsetsPerTrigger", "5"}},
      {{"maxOffsetsPerTrigger", "0"}},
      {{"minPartitions", "0"}},
      {{"maxRecordsPerPartition", "0"}},
      {{"failOnDataLoss", "maybe"}},
      {{"maxTriggerDelay", "soon"}},
      {{"kafkaConsumer.pollTimeoutMs", "1s"}},
  };
  for (const Map& row : stream_rows) EXPECT_FALSE(Parse(row).ok()) << row.begin()->first << "=" << row.begin()->second;
  const Map batch_rows[] = {
      {{"startingOffsets", "latest"}},
      {{"endingOffsets", "earliest"}},
      {{"startingOffsets", R"({"t":{"0":-1}})"}},
      {{"endingOffsets", R"({"t":{"0":-2}})"}},
  };
  for (const Map& row : batch_rows) EXPECT_FALSE(Parse(row, false).ok()) << row.begin()->second;
  EXPECT_FALSE(ParseKafkaOptions(Options(), true).ok());
}

// SLUICE_UPDATE_DOCS=1 writes the table of the page anew.
TEST(KafkaOptions, TheDocumentedOptionsAreTheTable) {
  const std::string path = SLUICE_SOURCE_DIR "/docs/kafka.md";
  std::stringstream page;
  page << std::ifstream(path).rdbuf();
  const std::string head = "| option | default | |\n|---|---|---|\n";
  const std::string text = page.str();
  const size_t begin = text.find(head) + head.size();
  const size_t end = text.find("\n\n", begin - 1) + 1;
  std::string rows;
  for (const OptionRow& row : KafkaSourceOptions()) {
    ASSERT_EQ(row.use, OptionUse::kHonoured) << row.name;
    rows += fmt::format("| `{}` | {} | {} |\n", row.name, row.default_value, row.doc);
  }
  if (std::getenv("SLUICE_UPDATE_DOCS") != nullptr) {
    std::ofstream(path) << text.substr(0, begin) << rows << text.substr(end);
    return;
  }
  EXPECT_EQ(text.substr(begin, end - begin), rows);
}

TEST(KafkaOptions, UnknownOnesPassAndBatchIgnoresTriggerLimits) {
  EXPECT_TRUE(Parse({{"truncate", "false"}}).ok());
  const KafkaOptions batch = Parse({{"maxOffsetsPerTrigger", "5"}}, false).ValueOrDie();
  EXPECT_FALSE(batch.max_offsets_per_trigger.has_value());
}

}  // namespace
}  // namespace sluice
