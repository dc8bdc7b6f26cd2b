// SPDX-License-Identifier: Apache-2.0
// A query that keeps state, each batch a run of its own: what a restart finds is what the files say.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>

#include "base/spark_error.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/offset_log.h"
#include "state/state_check.h"
#include "streaming/stateful_script.h"

namespace sluice {
namespace {

using Files = std::map<std::string, std::string>;

Files FilesBelow(StreamScript& script, const std::string& folder) {
  Files files;
  for (const FileInfo& file : script.fs().List(folder, /*recursive=*/true).ValueOrDie()) {
    if (!file.is_folder) files[file.path] = script.Read(file.path);
  }
  return files;
}

int64_t WatermarkOf(const StreamScript& script, int64_t batch) {
  const std::string path = "/checkpoint/offsets/" + std::to_string(batch);
  return ParseOffsetEntry(script.Read(path), path).ValueOrDie().batch_watermark_ms;
}

TEST(Stateful, EveryBatchWritesItsStateAndItsWatermark) {
  StreamScript script;
  const QuerySpec spec = StatefulSpec(script);
  int64_t rows = 0;
  for (int64_t batch = 0; batch < 8; ++batch) {
    const auto progress = RunOne(script, spec);
    ASSERT_TRUE(progress.ok()) << progress.status();
    EXPECT_EQ(progress->batch_id, batch);
    rows += progress->output_rows;
    ASSERT_EQ(progress->state_operators.size(), 1u);
    EXPECT_EQ(progress->state_operators[0].name, "stateStoreSave");
    EXPECT_EQ(progress->state_operators[0].rows_updated, 10);
    ASSERT_TRUE(progress->event_time);
    EXPECT_EQ(progress->event_time->max_ms, 1'700'000'000'000 + batch * 1000);
    // The batch goes by what the one before saw.
    EXPECT_EQ(WatermarkOf(script, batch), batch == 0 ? 0 : 1'700'000'000'000 + (batch - 1) * 1000 - 2000);
    for (const char* partition : {"0", "1"}) {
      const std::string delta =
          "/checkpoint/state/0/" + std::string(partition) + "/" + std::to_string(batch + 1) + ".delta";
      EXPECT_TRUE(script.fs().Stat(delta).ok()) << delta;
    }
  }
  // Windows of two batches; the watermark of batch 7 is at 4 s: two windows are over.
  EXPECT_EQ(rows, 2 * 2 * 10);
  const auto commit = ParseCommitEntry(script.Read("/checkpoint/commits/7"), "7").ValueOrDie();
  EXPECT_EQ(commit.next_batch_watermark_ms, 1'700'000'000'000 + 7000 - 2000);
}

TEST(Stateful, ABatchThatIsRunAgainWritesTheSameFiles) {
  StreamScript script;
  const QuerySpec spec = StatefulSpec(script);
  for (int batch = 0; batch < 7; ++batch) ASSERT_TRUE(RunOne(script, spec).ok());
  const Files table = FilesBelow(script, "/table");
  const Files state = FilesBelow(script, "/checkpoint/state");
  const std::string commit = script.Read("/checkpoint/commits/6");
  script.Delete("/checkpoint/commits/6");
  script.Delete("/table/_spark_metadata/6");
  ASSERT_TRUE(RunOne(script, spec).ok());
  EXPECT_EQ(FilesBelow(script, "/table"), table);
  EXPECT_EQ(FilesBelow(script, "/checkpoint/state"), state);
  EXPECT_EQ(script.Read("/checkpoint/commits/6"), commit);
}

TEST(Stateful, ABatchThatTheSinkHasIsRunForItsState) {
  StreamScript script;
  const QuerySpec spec = StatefulSpec(script);
  for (int batch = 0; batch < 7; ++batch) ASSERT_TRUE(RunOne(script, spec).ok());
  const Files table = FilesBelow(script, "/table");
  const Files state = FilesBelow(script, "/checkpoint/state");
  const std::string commit = script.Read("/checkpoint/commits/6");
  script.Delete("/checkpoint/commits/6");
  script.Delete("/checkpoint/state/0/0/7.delta");
  script.Delete("/checkpoint/state/0/1/7.delta");
  ASSERT_TRUE(RunOne(script, spec).ok());
  EXPECT_EQ(FilesBelow(script, "/table"), table);
  EXPECT_EQ(FilesBelow(script, "/checkpoint/state"), state);
  EXPECT_EQ(script.Read("/checkpoint/commits/6"), commit);
}

TEST(Stateful, WhatIsMissingIsNamed) {
  StreamScript script;
  const QuerySpec spec = StatefulSpec(script);
  for (int batch = 0; batch < 3; ++batch) ASSERT_TRUE(RunOne(script, spec).ok());
  script.Delete("/checkpoint/state/0/1/2.delta");
  const Status missing = RunOne(script, spec).status();
  EXPECT_TRUE(HasErrorClass(missing, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS")) << missing;
  EXPECT_NE(missing.ToString().find("/checkpoint/state/0/1/2.delta"), std::string::npos) << missing;
}

TEST(Stateful, AnotherOperatorIsRefused) {
  StreamScript script;
  QuerySpec spec = StatefulSpec(script);
  ASSERT_TRUE(RunOne(script, spec).ok());
  auto other = std::make_shared<PlanNode>(*spec.plan);
  other->Get<plan::Aggregate>().deduplicate = true;
  other->Get<plan::Aggregate>().calls.clear();
  other->schema = arrow::schema({spec.plan->schema->field(0), spec.plan->schema->field(1)});
  spec.plan = other;
  EXPECT_TRUE(HasErrorClass(RunOne(script, spec).status(), "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA"));
}

void Replace(StreamScript& script, const std::string& path, const std::string& content) {
  script.Delete(path);
  ASSERT_TRUE(script.fs().CreateAtomic(path, content).ok());
}

TEST(Stateful, AQueryWithoutStateIsRefusedWhereThereIsSome) {
  StreamScript script;
  QuerySpec spec = StatefulSpec(script);
  const PlanPtr stateful = spec.plan;
  ASSERT_TRUE(RunOne(script, spec).ok());
  spec.plan = script.Spec({TriggerKind::kOnce, 0}).plan;
  const Status refused = RunOne(script, spec).status();
  EXPECT_TRUE(HasErrorClass(refused, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA")) << refused;
  EXPECT_NE(refused.ToString().find("in the metadata: [(OperatorId: 0 -> OperatorName: stateStoreSave)]; Stateful "
                                    "operators in current batch: []."),
            std::string::npos)
      << refused;
  spec.plan = stateful;
  EXPECT_TRUE(RunOne(script, spec).ok());
}

TEST(Stateful, AnOperatorThatTheCheckpointLacksIsRefused) {
  StreamScript script;
  QuerySpec spec = StatefulSpec(script);
  ASSERT_TRUE(RunOne(script, spec).ok());
  // Rows of the groups, each once: what was operator 0 is operator 1 now.
  plan::Aggregate distinct{{ColumnOf(*spec.plan, 1)}, {}, /*deduplicate=*/true};
  spec.plan = MakeNode(std::move(distinct), {spec.plan}, arrow::schema({spec.plan->schema->field(1)}));
  const Status refused = RunOne(script, spec).status();
  EXPECT_TRUE(HasErrorClass(refused, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA")) << refused;
}

TEST(Stateful, GoesOnWithoutMetadataAsSpark35LeavesIt) {
  StreamScript script;
  const QuerySpec spec = StatefulSpec(script);
  ASSERT_TRUE(RunOne(script, spec).ok());
  const std::string metadata = script.Read("/checkpoint/state/0/_metadata/metadata");
  script.Delete("/checkpoint/state/0/_metadata/metadata");
  ASSERT_TRUE(RunOne(script, spec).ok());
  EXPECT_EQ(script.Read("/checkpoint/state/0/_metadata/metadata"), metadata);
}

TEST(Stateful, FilesOfAnotherPartitionAreRefused) {
  StreamScript script;
  const QuerySpec spec = StatefulSpec(script);
  ASSERT_TRUE(RunOne(script, spec).ok());
  const std::string first = "/checkpoint/state/0/0/1.delta";
  const std::string second = "/checkpoint/state/0/1/1.delta";
  const std::string bytes = script.Read(first);
  Replace(script, first, script.Read(second));
  Replace(script, second, bytes);
  const Status refused = RunOne(script, spec).status();
  EXPECT_TRUE(HasErrorClass(refused, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED")) << refused;
  EXPECT_NE(refused.ToString().find("the file of another partition"), std::string::npos) << refused;
  const auto report = CheckState({script.shared_fs(), "/checkpoint"}, 2);
  ASSERT_TRUE(report.ok()) << report.status();
  // A restart planned the next batch, which needs version 1 of both.
  EXPECT_EQ(CheckState({script.shared_fs(), "/checkpoint"}, 1)->damage.size(), 2u);
}

TEST(Stateful, ACheckNamesWhatARestartWouldMiss) {
  StreamScript script;
  const QuerySpec spec = StatefulSpec(script);
  for (int batch = 0; batch < 3; ++batch) ASSERT_TRUE(RunOne(script, spec).ok());
  const Location checkpoint{script.shared_fs(), "/checkpoint"};
  EXPECT_EQ(CheckState(checkpoint, 3)->damage, std::vector<std::string>());
  EXPECT_EQ(ShowState(checkpoint).ValueOrDie(), "state 0        stateStoreSave, 2 partitions\n");
  const std::string damaged = "/checkpoint/state/0/0/3.delta";
  std::string bytes = script.Read(damaged);
  bytes[bytes.size() / 2] ^= 0x55;
  Replace(script, damaged, bytes);
  script.Delete("/checkpoint/state/0/1/2.delta");
  const auto report = CheckState(checkpoint, 3);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->damage.size(), 2u);
  EXPECT_NE(report->damage[0].find(damaged), std::string::npos) << report->damage[0];
  EXPECT_NE(report->damage[1].find("/checkpoint/state/0/1/2.delta does not exist"), std::string::npos)
      << report->damage[1];
}

TEST(Stateful, TheNumberOfPartitionsStaysForLife) {
  StreamScript script;
  QuerySpec spec = StatefulSpec(script);
  ASSERT_TRUE(RunOne(script, spec).ok());
  ASSERT_TRUE(spec.conf.Set("spark.sql.shuffle.partitions", "5").ok());
  const auto progress = RunOne(script, spec);
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_EQ(progress->state_operators.at(0).partitions, 2);
}

}  // namespace
}  // namespace sluice
