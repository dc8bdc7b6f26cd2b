// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/offset_planning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "connectors/kafka/offset_json.h"

namespace sluice {
namespace {

PartitionOffsets Offsets(const std::string& json) {
  return ParseOffsets(json, "test").ValueOrDie();
}

TEST(OffsetJson, IsWrittenInOrderAndReadBack) {
  const PartitionOffsets offsets = {{{"b", 10}, 7}, {{"a\"x", 0}, 1}, {{"b", 2}, 5}};
  const std::string json = R"({"a\"x":{"0":1},"b":{"2":5,"10":7}})";
  EXPECT_EQ(FormatOffsets(offsets), json);
  EXPECT_EQ(Offsets(json), offsets);
  EXPECT_EQ(FormatOffsets({}), "{}");
  EXPECT_EQ(Offsets(R"({"t":{"0":9223372036854775807,"1":-2}})").at({"t", 0}), std::numeric_limits<int64_t>::max());
}

TEST(OffsetJson, RefusesOtherShapes) {
  for (const char* json : {"", "x", "[]", "{\"t\":1}", "{\"t\":{\"a\":1}}", "{\"t\":{\"-1\":1}}", "{\"t\":{\"0\":1.5}}",
                           "{\"t\":{\"0\":\"1\"}}", "{\"t\":{\"0\":9223372036854775808}}", "{\"t\":{\"0\":1}"}) {
    EXPECT_FALSE(ParseOffsets(json, "x").ok()) << json;
  }
  for (const char* json : {"", "{\"t\":{}}", "{\"t\":[-1]}", "{\"t\":[\"0\"]}", "{\"t\":[2147483648]}"}) {
    EXPECT_FALSE(ParseAssignment(json, "x").ok()) << json;
  }
  EXPECT_THAT(ParseAssignment("{\"b\":[1,0],\"a\":[3,3]}", "x").ValueOrDie(),
              testing::ElementsAre(TopicPartition{"a", 3}, TopicPartition{"b", 0}, TopicPartition{"b", 1}));
}

struct RateRow {
  int64_t limit;
  const char* from;
  const char* until;
  const char* limited;
};

TEST(OffsetPlanning, RateIsSharedByBacklog) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const RateRow rows[] = {
      // 5,000 records in 3 partitions, 1,000 a batch: 998 are taken, as Spark does.
      {1000, R"({"t":{"0":0,"1":0,"2":0}})", R"({"t":{"0":1675,"1":1641,"2":1684}})",
       R"({"t":{"0":335,"1":328,"2":336}})"},
      // A share below one is rounded up: three partitions, limit 1, three records.
      {1, R"({"t":{"0":0,"1":0,"2":0}})", R"({"t":{"0":10,"1":10,"2":10}})", R"({"t":{"0":1,"1":1,"2":1}})"},
      {10, R"({"t":{"0":0,"1":0}})", R"({"t":{"0":1,"1":1000}})", R"({"t":{"0":1,"1":9}})"},
      // Never past the end, also when the limit is huge.
      {kMax, R"({"t":{"0":5}})", R"({"t":{"0":105}})", R"({"t":{"0":105}})"},
      {kMax, R"({"t":{"0":9223372036854775000}})", R"({"t":{"0":9223372036854775807}})",
       R"({"t":{"0":9223372036854775807}})"},
      // Partitions without backlog, or behind their start, keep their end.
      {4, R"({"t":{"0":10,"1":0,"2":7}})", R"({"t":{"0":10,"1":8,"2":3}})", R"({"t":{"0":10,"1":4,"2":3}})"},
      {4, R"({"t":{"0":10}})", R"({"t":{"0":10}})", R"({"t":{"0":10}})"},
  };
  for (const RateRow& row : rows) {
    EXPECT_EQ(FormatOffsets(LimitByRate(row.limit, Offsets(row.from), Offsets(row.until))), row.limited) << row.until;
  }
}

TEST(OffsetPlanning, RangesOfABatch) {
  const RangePlan plan = PlanRanges(Offsets(R"({"t":{"0":5,"1":7}})"), Offsets(R"({"t":{"0":9,"1":7,"2":4}})"),
                                    Offsets(R"({"t":{"2":0}})"));
  EXPECT_THAT(plan.ranges, testing::ElementsAre(OffsetRange{{"t", 0}, 5, 9}, OffsetRange{{"t", 2}, 0, 4}));
  EXPECT_TRUE(plan.losses.empty());
}

TEST(OffsetPlanning, EveryLossHasItsClass) {
  const struct {
    const char* from;
    const char* until;
    const char* fresh;
    const char* error_class;
    size_t ranges;
  } rows[] = {
      {R"({"t":{"0":5}})", R"({"t":{"0":9,"1":4}})", "{}", "INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS", 1},
      {R"({"t":{"0":5}})", R"({"t":{"0":9,"1":4}})", R"({"t":{"1":2}})",
       "ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO", 2},
      {R"({"t":{"0":5,"1":3}})", R"({"t":{"0":9}})", "{}", "PARTITIONS_DELETED", 1},
      {R"({"t":{"0":5}})", R"({"t":{"0":2}})", "{}", "PARTITION_OFFSET_CHANGED", 0},
  };
  for (const auto& row : rows) {
    const RangePlan plan = PlanRanges(Offsets(row.from), Offsets(row.until), Offsets(row.fresh));
    ASSERT_EQ(plan.losses.size(), 1u) << row.error_class;
    EXPECT_EQ(plan.losses[0].error_class, std::string("KAFKA_DATA_LOSS.") + row.error_class);
    EXPECT_EQ(plan.ranges.size(), row.ranges) << row.error_class;
    std::atomic<int64_t> passed_over{0};
    const Status failed = ReportDataLoss(plan.losses[0], true, &passed_over);
    EXPECT_TRUE(HasErrorClass(failed, plan.losses[0].error_class));
    EXPECT_EQ(FindSparkError(failed)->sqlstate, "22000");
    EXPECT_EQ(passed_over, 0);
    EXPECT_TRUE(ReportDataLoss(plan.losses[0], false, &passed_over).ok());
    EXPECT_EQ(passed_over, 1);
  }
}

TEST(OffsetPlanning, GoingBackIsSeen) {
  const auto from = Offsets(R"({"t":{"0":5,"1":3}})");
  EXPECT_TRUE(GoesBack(from, Offsets(R"({"t":{"0":4,"1":3}})")));
  EXPECT_TRUE(GoesBack(from, Offsets(R"({"t":{"0":5}})")));
  EXPECT_FALSE(GoesBack(from, Offsets(R"({"t":{"0":5,"1":4,"2":0}})")));
}

TEST(OffsetPlanning, PartitionsAreSplit) {
  const std::vector<OffsetRange> two = {{{"t", 0}, 0, 100}, {{"t", 1}, 50, 60}};
  EXPECT_EQ(SplitRanges(two, std::nullopt, std::nullopt), two);
  EXPECT_EQ(SplitRanges(two, 2, std::nullopt), two);
  // The small one stays whole, the large one gets the rest.
  EXPECT_THAT(SplitRanges(two, 4, std::nullopt),
              testing::ElementsAre(OffsetRange{{"t", 0}, 0, 33}, OffsetRange{{"t", 0}, 33, 66},
                                   OffsetRange{{"t", 0}, 66, 100}, OffsetRange{{"t", 1}, 50, 60}));
  EXPECT_THAT(SplitRanges(two, std::nullopt, 60),
              testing::ElementsAre(OffsetRange{{"t", 0}, 0, 50}, OffsetRange{{"t", 0}, 50, 100},
                                   OffsetRange{{"t", 1}, 50, 60}));
  // More pieces than records: none is empty.
  const auto tiny = SplitRanges({{{"t", 0}, 7, 9}}, 5, std::nullopt);
  EXPECT_THAT(tiny, testing::ElementsAre(OffsetRange{{"t", 0}, 7, 8}, OffsetRange{{"t", 0}, 8, 9}));
}

TEST(OffsetPlanning, SplitsCoverTheirRange) {
  for (int64_t size : {1, 2, 999, 1000, 12345}) {
    for (int64_t parts : {1, 2, 3, 7, 64}) {
      int64_t at = 17;
      for (const OffsetRange& piece : SplitRanges({{{"t", 0}, 17, 17 + size}}, parts, std::nullopt)) {
        EXPECT_EQ(piece.begin, at);
        EXPECT_GT(piece.size(), 0);
        at = piece.end;
      }
      EXPECT_EQ(at, 17 + size);
    }
  }
}

TEST(OffsetPlanning, Lag) {
  const auto lag = LagBehind(Offsets(R"({"t":{"0":5,"1":3}})"), Offsets(R"({"t":{"0":5,"1":8}})"));
  ASSERT_TRUE(lag.has_value());
  EXPECT_EQ(lag->min, 0);
  EXPECT_EQ(lag->max, 5);
  EXPECT_EQ(lag->average, 2.5);
  EXPECT_FALSE(LagBehind({}, {}).has_value());
  // A leader that is behind knows less than was read.
  EXPECT_EQ(LagBehind(Offsets(R"({"t":{"0":5}})"), Offsets(R"({"t":{"0":3}})"))->min, 0);
}

}  // namespace
}  // namespace sluice
