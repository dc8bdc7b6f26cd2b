// SPDX-License-Identifier: Apache-2.0
// Values, timestamps and descriptions were recorded from Spark 4.2.0.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "connectors/rate/rate_micro_batch_source.h"
#include "connectors/rate/rate_source.h"

namespace sluice {
namespace {

using Map = std::map<std::string, std::string>;

using Rows = std::vector<std::pair<int64_t, int64_t>>;  // milliseconds, value

Rows Read(StreamSource* source, const std::string& start, const std::string& end) {
  Rows rows;
  for (const InputPartition& task : source->PlanTasks(start, end).ValueOrDie()) {
    auto reader = source->OpenReader(task, {0, 1}).ValueOrDie();
    while (const auto slice = reader->Next().ValueOrDie()) {
      const auto& timestamps = static_cast<const arrow::TimestampArray&>(*slice->column(0));
      const auto& values = static_cast<const arrow::Int64Array&>(*slice->column(1));
      for (int64_t i = 0; i < slice->num_rows(); ++i) rows.emplace_back(timestamps.Value(i) / 1000, values.Value(i));
    }
  }
  std::sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.second < b.second; });
  return rows;
}

class RateTest : public testing::Test {
 protected:
  SourceContext Context(bool available_now = false) {
    SourceContext context;
    context.env = env_;
    context.checkpoint = Location{fs_, "/ck/sources/0"};
    context.available_now = available_now;
    return context;
  }
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1795397738735);
  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::shared_ptr<Env> env_ = MakeTestEnv(clock_, fs_);
};

TEST_F(RateTest, RowsOfARampUp) {
  const auto options =
      ParseRateOptions(Options(Map{{"rowsPerSecond", "5"}, {"rampUpTime", "3s"}, {"numPartitions", "2"}}));
  RateSource source(Context(), options.ValueOrDie());
  EXPECT_EQ(source.description(), "RateStreamV2[rowsPerSecond=5, rampUpTimeSeconds=3, numPartitions=2");
  EXPECT_EQ(source.InitialOffset().ValueOrDie(), "0");
  EXPECT_FALSE(source.LatestOffset("0").ValueOrDie().has_value());
  EXPECT_EQ(fs_->ReadFile("/ck/sources/0/0").ValueOrDie(), "v1\n1795397738735");
  clock_->Advance(5265);
  EXPECT_EQ(source.LatestOffset("0").ValueOrDie(), "5");
  EXPECT_EQ(Read(&source, "0", "1"), (Rows{{1795397738735, 0}}));
  EXPECT_EQ(Read(&source, "1", "2"), (Rows{{1795397739735, 1}, {1795397740235, 2}}));
  EXPECT_EQ(Read(&source, "2", "3"), (Rows{{1795397740735, 3}, {1795397741068, 4}, {1795397741402, 5}}));
  EXPECT_EQ(
      Read(&source, "3", "4"),
      (Rows{{1795397741735, 6}, {1795397741935, 7}, {1795397742135, 8}, {1795397742335, 9}, {1795397742535, 10}}));
}

TEST_F(RateTest, GoesOnFromItsFirstStart) {
  const RateOptions options = ParseRateOptions(Options(Map{{"rowsPerSecond", "3"}})).ValueOrDie();
  RateSource first(Context(), options);
  ASSERT_TRUE(first.LatestOffset("0").ok());
  clock_->Advance(2000);
  RateSource second(Context(true), options);
  EXPECT_EQ(second.description(), "RateStreamV2[rowsPerSecond=3, rampUpTimeSeconds=0, numPartitions=default");
  EXPECT_EQ(second.LatestOffset("0").ValueOrDie(), "2");
  clock_->Advance(5000);
  EXPECT_FALSE(second.LatestOffset("2").ValueOrDie().has_value());  // AvailableNow froze the end
  EXPECT_EQ(Read(&second, "1", "2"), (Rows{{1795397739735, 3}, {1795397740068, 4}, {1795397740402, 5}}));
}

TEST_F(RateTest, MicroBatches) {
  const auto options = ParseRateMicroBatchOptions(Options(
      {{"rowsPerBatch", "7"}, {"numPartitions", "3"}, {"startTimestamp", "1000"}, {"advanceMillisPerBatch", "250"}}));
  RateMicroBatchSource source(Context(), options.ValueOrDie());
  EXPECT_EQ(source.description(),
            "RatePerMicroBatchStream[rowsPerBatch=7, numPartitions=3, startTimestamp=1000, advanceMsPerBatch=250]");
  const std::string start = source.InitialOffset().ValueOrDie();
  const std::string end = *source.LatestOffset(start).ValueOrDie();
  EXPECT_EQ(end, R"({"offset":7,"timestamp":1250})");
  EXPECT_EQ(Read(&source, start, end),
            (Rows{{1000, 0}, {1000, 1}, {1000, 2}, {1000, 3}, {1000, 4}, {1000, 5}, {1000, 6}}));
  EXPECT_EQ(*source.LatestOffset(end).ValueOrDie(), R"({"offset":14,"timestamp":1500})");
  RateMicroBatchSource once(Context(true), options.ValueOrDie());
  EXPECT_EQ(*once.LatestOffset(start).ValueOrDie(), end);
  EXPECT_FALSE(once.LatestOffset(end).ValueOrDie().has_value());
}

TEST_F(RateTest, WrongOptionsAreRefused) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"rowsPerSecond", "0"}, {"rampUpTime", "-1"}, {"numPartitions", "0"}, {"rampUpTime", "x"}}) {
    EXPECT_FALSE(ParseRateOptions(Options(Map{{name, value}})).ok()) << name;
  }
  EXPECT_FALSE(ParseRateMicroBatchOptions(Options()).ok());
  EXPECT_EQ(ParseRateOptions(Options(Map{{"rampUpTime", "5"}}))->ramp_up_seconds, 5);
  RateOptions fast;
  fast.rows_per_second = INT64_MAX;
  EXPECT_TRUE(HasErrorClass(RateValueAtSecond(2, fast).status(), "ARITHMETIC_OVERFLOW"));
}

}  // namespace
}  // namespace sluice
