// SPDX-License-Identifier: Apache-2.0
#include "streaming/trigger.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/spark_error.h"
#include "streaming/progress.h"

namespace sluice {
namespace {

TEST(Trigger, TheNextMomentIsAMultipleOfTheInterval) {
  EXPECT_EQ(NextTriggerTime(1000, 1000), 2000);
  EXPECT_EQ(NextTriggerTime(1999, 1000), 2000);
  EXPECT_EQ(NextTriggerTime(0, 1000), 1000);
}

TEST(Trigger, Texts) {
  EXPECT_EQ(ParseTrigger("availableNow").ValueOrDie().kind, TriggerKind::kAvailableNow);
  EXPECT_EQ(ParseTrigger("once").ValueOrDie().kind, TriggerKind::kOnce);
  EXPECT_EQ(ParseTrigger("processingTime 10 seconds").ValueOrDie().interval_ms, 10'000);
  EXPECT_EQ(ParseTrigger("processingTime='1 minute'").ValueOrDie().interval_ms, 60'000);
  EXPECT_EQ(ParseTrigger("0 seconds").ValueOrDie().interval_ms, 0);
  EXPECT_TRUE(HasErrorClass(ParseTrigger("continuous 1 second").status(), "UNSUPPORTED_FEATURE.SLUICE"));
  EXPECT_FALSE(ParseTrigger("sometimes").ok());
}

TEST(Progress, JsonHasSparksFields) {
  QueryProgress progress;
  progress.id = "i";
  progress.run_id = "r";
  progress.timestamp_ms = 1'700'000'000'123;
  progress.batch_id = 7;
  progress.duration_ms = {{"addBatch", 3}};
  progress.sources.push_back(
      {"KafkaV2[Subscribe[t]]", "", R"({"t":{"0":5}})", "", 5, {{"maxOffsetsBehindLatest", "0"}}});
  progress.sink_description = "FileSink[/t]";
  progress.output_rows = 5;
  const auto json = nlohmann::json::parse(ProgressToJson(progress));
  EXPECT_EQ(json["timestamp"], "2023-11-14T22:13:20.123Z");
  EXPECT_TRUE(json["name"].is_null());
  EXPECT_EQ(json["numInputRows"], 5);
  EXPECT_EQ(json["sources"][0]["endOffset"]["t"]["0"], 5);
  EXPECT_TRUE(json["sources"][0]["startOffset"].is_null());
  EXPECT_EQ(json["sink"]["numOutputRows"], 5);
  EXPECT_EQ(json["durationMs"]["addBatch"], 3);
}

// Which fields there are, in which order, and of which kind: by a batch of real Spark's.
std::string Shape(const nlohmann::ordered_json& json) {
  std::string shape;
  if (json.is_object()) {
    for (const auto& [name, value] : json.items()) shape += name + ":" + Shape(value) + ",";
    return "{" + shape + "}";
  }
  if (json.is_array()) {
    for (const auto& value : json) shape += Shape(value) + ",";
    return "[" + shape + "]";
  }
  return json.type_name() + std::string(json.is_number_float() ? " with a point" : "");
}

TEST(Progress, JsonIsShapedAsSparks) {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/golden/checkpoint/4.2.0/kafka-progress.json");
  const auto recorded = nlohmann::ordered_json::parse(file);
  QueryProgress progress;
  progress.processed_rows_per_second = 0.2208;
  progress.duration_ms = {{"addBatch", 3},     {"commitBatch", 2},   {"commitOffsets", 1},    {"getBatch", 1},
                          {"latestOffset", 1}, {"queryPlanning", 1}, {"triggerExecution", 9}, {"walCommit", 1}};
  progress.sources.push_back(
      {"KafkaV2[Subscribe[golden]]",
       "",
       R"({"golden":{"0":2,"1":2}})",
       R"({"golden":{"0":3,"1":3}})",
       4,
       {{"avgOffsetsBehindLatest", "1.0"}, {"maxOffsetsBehindLatest", "1"}, {"minOffsetsBehindLatest", "1"}}});
  progress.sink_description = "FileSink[file:/sluice-golden/kafka-sink]";
  const auto ours = nlohmann::ordered_json::parse(ProgressToJson(progress));
  EXPECT_EQ(Shape(ours), Shape(recorded[0]));
  EXPECT_EQ(ours["sources"].dump(), recorded[0]["sources"].dump());
  EXPECT_EQ(ours["sink"].dump(), recorded[0]["sink"].dump());
  EXPECT_EQ(ours["durationMs"]["addBatch"], 5);
  EXPECT_EQ(ours["processedRowsPerSecond"], recorded[0]["processedRowsPerSecond"]);
}

}  // namespace
}  // namespace sluice
