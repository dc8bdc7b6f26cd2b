// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "exec/scripted_rows.h"
#include "streaming/metrics_page.h"
#include "streaming/stream_script.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;

QuerySnapshot Snapshot(QueryHealth state = QueryHealth::kRunning) {
  QueryProgress progress;
  progress.batch_id = 4;
  progress.timestamp_ms = 1'700'000'000'250;
  progress.output_rows = 8;
  progress.bad_records = 2;
  progress.duration_ms = {{"addBatch", 5}, {"walCommit", 70'000}};
  progress.sources.push_back({"KafkaV2[..]", "", R"({"a":{"0":5,"1":7}})", R"({"a":{"0":15,"1":7,"2":3}})", 10, {}});
  QuerySnapshot snapshot{"id-1", "na\"me\\", state, {}, progress};
  snapshot.totals.Add(progress);
  progress.duration_ms["addBatch"] = 6;
  snapshot.totals.Add(progress);
  return snapshot;
}

TEST(MetricsPage, CountsOfAQuery) {
  const MemoryBudget budget(1000);
  const std::string page = MetricsPage({Snapshot()}, budget, 0);
  const std::string query = R"(query="id-1",name="na\"me\\")";
  for (const auto& [name, value] : std::map<std::string, std::string>{{"sluice_query_batches_total{" + query, "2"},
                                                                      {"sluice_query_input_rows_total{" + query, "20"},
                                                                      {"sluice_query_output_rows_total{" + query, "16"},
                                                                      {"sluice_query_bad_records_total{" + query, "4"},
                                                                      {"sluice_query_last_batch_id{" + query, "4"}}) {
    EXPECT_THAT(page, HasSubstr("\n" + name + "} " + value + "\n"));
  }
  EXPECT_THAT(page, HasSubstr("sluice_query_last_batch_timestamp_seconds{" + query + "} 1700000000.250\n"));
  EXPECT_THAT(page, HasSubstr(query + R"(,state="running"} 1)"));
  EXPECT_THAT(page, HasSubstr(query + R"(,state="failed"} 0)"));
  EXPECT_THAT(page, HasSubstr("sluice_memory_limit_bytes 1000\n"));
  EXPECT_THAT(page, HasSubstr("\nsluice_kafka_data_losses_total 0\n"));
}

TEST(MetricsPage, DurationsAreCumulative) {
  const std::string page = MetricsPage({Snapshot()}, MemoryBudget(1), 0);
  const std::string add =
      R"(sluice_query_phase_duration_seconds_bucket{query="id-1",name="na\"me\\",phase="addBatch",le=)";
  EXPECT_THAT(page, HasSubstr(add + "\"0.002\"} 0\n"));
  EXPECT_THAT(page, HasSubstr(add + "\"0.005\"} 1\n"));
  EXPECT_THAT(page, HasSubstr(add + "\"0.01\"} 2\n"));
  EXPECT_THAT(page, HasSubstr(add + "\"+Inf\"} 2\n"));
  EXPECT_THAT(page, HasSubstr(R"(_sum{query="id-1",name="na\"me\\",phase="addBatch"} 0.011)"));
  EXPECT_THAT(page, HasSubstr(R"(phase="walCommit",le="60"} 0)"));
  EXPECT_THAT(page, HasSubstr(R"(phase="walCommit",le="+Inf"} 2)"));
}

TEST(MetricsPage, LagByPartition) {
  const std::string page = MetricsPage({Snapshot()}, MemoryBudget(1), 0);
  EXPECT_THAT(page, HasSubstr(R"(topic="a",partition="0"} 10)"));
  EXPECT_THAT(page, HasSubstr(R"(topic="a",partition="1"} 0)"));
  EXPECT_THAT(page, Not(HasSubstr(R"(topic="a",partition="2")"))) << "nothing of it is known to be behind";
}

TEST(MetricsPage, ReadyMeansThatEveryQueryIsAtWork) {
  std::string why;
  EXPECT_FALSE(IsReady({}, &why));
  EXPECT_TRUE(IsReady({Snapshot()}, &why));
  EXPECT_TRUE(IsReady({Snapshot(), Snapshot(QueryHealth::kStopped)}, &why));
  for (const auto& [state, word] : std::map<QueryHealth, std::string>{
           {QueryHealth::kStarting, "starting"}, {QueryHealth::kStuck, "stuck"}, {QueryHealth::kFailed, "failed"}}) {
    EXPECT_FALSE(IsReady({Snapshot(), Snapshot(state)}, &why));
    EXPECT_EQ(why, "query id-1 is " + word);
  }
}

TEST(QuerySnapshots, ARunningQueryCountsItsBatchesUntilItIsStopped) {
  StreamScript script;
  QuerySpec spec = script.Spec();
  const auto query = script.StartAndSettle(spec);
  EXPECT_EQ(query->snapshot().state, QueryHealth::kRunning);
  EXPECT_EQ(query->snapshot().totals.input_rows, StreamScript::kRowsPerBatch);
  script.Advance(*query, 1000);
  EXPECT_EQ(query->snapshot().totals.batches, 2);
  ASSERT_TRUE(query->Stop().ok());
  EXPECT_EQ(query->snapshot().state, QueryHealth::kStopped);
}

TEST(QueryMonitors, SilenceIsMeasuredByTheClock) {
  ManualClock clock(0);
  QueryMonitor monitor(10, &clock);
  EXPECT_FALSE(monitor.settled());
  clock.Advance(5000);
  EXPECT_EQ(monitor.SilentMs(), 5000);
  monitor.NoNewData();
  EXPECT_TRUE(monitor.settled());
  EXPECT_EQ(monitor.SilentMs(), 0);
  clock.Advance(20);
  EXPECT_EQ(monitor.SilentMs(), 20);
  monitor.AddProgress({});
  EXPECT_EQ(monitor.SilentMs(), 0);
}

}  // namespace
}  // namespace sluice
