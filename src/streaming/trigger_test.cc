// SPDX-License-Identifier: Apache-2.0
#include "streaming/trigger.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace sluice
