// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_state.h"

#include <gtest/gtest.h>

#include "conf/conf.h"
#include "streaming/bad_records/entry_conf.h"

namespace sluice {
namespace {

OffsetEntry Entry(SourceOffsets offsets, const std::string& setup) {
  OffsetEntry entry;
  entry.offsets = std::move(offsets);
  entry.conf.Set(kSetupKey, setup);
  return entry;
}

TEST(QueryState, ANewQueryBeginsWithBatch0AndNoOffsets) {
  const QueryState state = QueryState::From(Recovery{}, 2);
  EXPECT_EQ(state.next, BatchId(0));
  EXPECT_EQ(state.ends, (SourceOffsets{std::nullopt, std::nullopt}));
  EXPECT_FALSE(state.begun());
  EXPECT_EQ(RecoveredPlan(state, Recovery{}), std::nullopt);
}

TEST(QueryState, AfterACommittedBatchTheNextStartsWhereItEnded) {
  Recovery recovery;
  recovery.next = BatchId(8);
  recovery.previous = Entry({"7", "70"}, "a");
  const QueryState state = QueryState::From(recovery, 2);
  EXPECT_EQ(state.next, BatchId(8));
  EXPECT_EQ(state.ends, (SourceOffsets{"7", "70"}));
  EXPECT_EQ(state.recorded, recovery.previous->conf);
  EXPECT_EQ(RecoveredPlan(state, recovery), std::nullopt);
}

TEST(QueryState, APlannedBatchIsRecoveredWithItsOwnRangesAndSettings) {
  Recovery recovery;
  recovery.next = BatchId(8);
  recovery.recovered = true;
  recovery.previous = Entry({"7", std::nullopt}, "a");
  recovery.planned = Entry({"8", "80"}, "b");
  const QueryState state = QueryState::From(recovery, 2);
  EXPECT_EQ(state.recorded, recovery.planned->conf) << "the settings of the entry that was written last";
  const auto plan = RecoveredPlan(state, recovery);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->batch, BatchId(8));
  EXPECT_EQ(plan->starts, (SourceOffsets{"7", std::nullopt}));
  EXPECT_EQ(plan->entry, *recovery.planned);
  EXPECT_EQ(plan->attempt, Attempt::kAgain);
}

TEST(QueryState, EachCommittedBatchMakesTheNextState) {
  QueryState state = QueryState::From(Recovery{}, 2);
  const Conf session;
  const EntryStamp stamp{"writer", "setup", ""};
  const BatchPlan first = PlanRange(state, {"0", "0"}, {"5", "0"}, 1000, session, stamp);
  EXPECT_EQ(first.batch, BatchId(0));
  EXPECT_EQ(first.attempt, Attempt::kFirst);
  EXPECT_FALSE(first.recovered());
  EXPECT_EQ(first.entry.batch_timestamp_ms, 1000);
  EXPECT_EQ(first.entry.conf.Find(kWriterKey), "writer");
  EXPECT_EQ(first.entry.conf.Find(kSetupKey), "setup");
  state = state.After(first, {});
  EXPECT_EQ(state, (QueryState{BatchId(1), {"5", "0"}, first.entry.conf, {}, 0}));
  const BatchPlan second = PlanRange(state, state.ends, {"5", "9"}, 2000, session, stamp);
  EXPECT_EQ(second.batch, BatchId(1));
  EXPECT_EQ(second.starts, (SourceOffsets{"5", "0"}));
  EXPECT_EQ(state.After(second, {}).ends, (SourceOffsets{"5", "9"}));
}

EventTimes Seen(int64_t max_ms) {
  EventTimes times;
  times.Add(max_ms);
  return times;
}

TEST(Watermark, IsTheLeastOfItsNodesAndNeverFalls) {
  const std::vector<int64_t> delays = {10, 20};
  Watermark mark = Watermark().After({Seen(1000), EventTimes()}, delays, WatermarkPolicy::kMin);
  EXPECT_EQ(mark.now_ms, 0) << "a node without rows holds it back";
  mark = mark.After({EventTimes(), Seen(500)}, delays, WatermarkPolicy::kMin);
  EXPECT_EQ(mark.now_ms, 480);
  EXPECT_EQ(mark.late_ms, 0);
  mark = mark.After({Seen(100), Seen(100)}, delays, WatermarkPolicy::kMin);
  EXPECT_EQ(mark.now_ms, 480);
  EXPECT_EQ(mark.late_ms, 480) << "late is what the batch before went by";
  EXPECT_EQ(Watermark().After({Seen(1000), EventTimes()}, delays, WatermarkPolicy::kMax).now_ms, 990);
  Watermark recovered;
  recovered.now_ms = 5000;
  for (const auto& seen : {EventTimes(), Seen(1000)}) {
    EXPECT_EQ(recovered.After({seen, seen}, delays, WatermarkPolicy::kMin).now_ms, 5000) << "of the run before";
  }
}

TEST(QueryState, AnEmptyBatchIsDueOnceTheWatermarkRoseInThisRun) {
  QueryState state;
  state.watermark.now_ms = 100;
  EXPECT_FALSE(state.watermark_rose()) << "after a restart it waits for rows";
  BatchPlan plan = PlanRange(state, {}, {}, 0, Conf(), EntryStamp{"w", "s", ""});
  EXPECT_EQ(plan.entry.batch_watermark_ms, 100);
  EXPECT_FALSE(state.After(plan, state.watermark).watermark_rose());
  Watermark risen = state.watermark;
  risen.now_ms = 101;
  EXPECT_TRUE(state.After(plan, risen).watermark_rose());
}

TEST(QueryState, ARestartTakesTheWatermarksFromTheLogs) {
  Recovery recovery;
  recovery.next = BatchId(8);
  recovery.previous = Entry({"7"}, "a");
  recovery.previous->batch_watermark_ms = 70;
  recovery.last_commit = CommitEntry{};
  recovery.last_commit->next_batch_watermark_ms = 90;
  EXPECT_EQ(QueryState::From(recovery, 1).watermark, (Watermark{90, 70, {}}));
  recovery.planned = Entry({"8"}, "a");
  recovery.planned->batch_watermark_ms = 80;
  const QueryState again = QueryState::From(recovery, 1);
  EXPECT_EQ(again.watermark, (Watermark{80, 70, {}}));
  EXPECT_EQ(RecoveredPlan(again, recovery)->late_ms, 70);
}

TEST(QueryState, SettingsRecordedOnceWinOverTheSessions) {
  QueryState state;
  state.recorded.emplace().Set("spark.sql.shuffle.partitions", "17");
  state.ends = {"1"};
  const BatchPlan plan = PlanRange(state, {"1"}, {"2"}, 0, Conf(), {});
  EXPECT_EQ(plan.entry.conf.Find("spark.sql.shuffle.partitions"), "17");
}

TEST(QueryState, AReplayHasAnEmptyRangeAndSaysWhatItPutsThrough) {
  QueryState state;
  state.next = BatchId(4);
  state.ends = {"9"};
  const BatchPlan plan = PlanReplay(state, BatchId(2), 0, Conf(), EntryStamp{"w", "s", "/bad"});
  EXPECT_EQ(plan.starts, plan.entry.offsets);
  EXPECT_EQ(plan.entry.offsets, state.ends);
  EXPECT_EQ(ReplayOf(plan.entry), BatchId(2));
  EXPECT_EQ(plan.entry.conf.Find(kBadRecordsPath), "/bad");
  // The batch after it reads the source again.
  const BatchPlan next = PlanRange(state.After(plan, {}), state.ends, {"10"}, 0, Conf(), EntryStamp{"w", "s", ""});
  EXPECT_EQ(ReplayOf(next.entry), std::nullopt);
  EXPECT_EQ(next.entry.conf.Find(kBadRecordsPath), std::nullopt);
}

}  // namespace
}  // namespace sluice
