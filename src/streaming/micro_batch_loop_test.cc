// SPDX-License-Identifier: Apache-2.0
#include "streaming/micro_batch_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "base/spark_error.h"
#include "checkpoint/offset_log.h"
#include "connectors/memory/memory_table.h"
#include "env/faulty_file_system.h"
#include "streaming/stream_script.h"

namespace sluice {
namespace {

using testing::ElementsAre;

std::map<std::string, std::string> Contents(const StreamScript& script, const std::string& folder) {
  std::map<std::string, std::string> contents;
  for (const std::string& name : script.Names(folder)) contents[name] = script.Read(folder + "/" + name);
  return contents;
}

TEST(MicroBatchLoop, ABatchAtTheStartAndOneATrigger) {
  StreamScript script;
  const auto query = script.StartAndSettle(script.Spec());
  EXPECT_THAT(script.Names("/checkpoint/commits"), ElementsAre("0"));
  script.Advance(*query, 1000);
  script.Advance(*query, 1000);
  EXPECT_THAT(script.Names("/checkpoint/offsets"), ElementsAre("0", "1", "2"));
  EXPECT_THAT(script.Names("/checkpoint/commits"), ElementsAre("0", "1", "2"));
  EXPECT_THAT(script.Names("/table/_spark_metadata"), ElementsAre("0", "1", "2"));
  ASSERT_TRUE(query->Stop().ok());
  EXPECT_FALSE(query->gave_up());
  EXPECT_EQ(query->recent_progress().size(), 3u);
  const QueryProgress last = *query->last_progress();
  EXPECT_EQ(last.input_rows(), StreamScript::kRowsPerBatch);
  EXPECT_EQ(last.batch_id, 2);
  EXPECT_EQ(last.timestamp_ms, StreamScript::kStartMs + 2000);
}

TEST(MicroBatchLoop, TheBatchTimestampIsTheClocks) {
  StreamScript script;
  const auto query = script.StartAndSettle(script.Spec());
  ASSERT_TRUE(query->Stop().ok());
  const OffsetEntry entry = ParseOffsetEntry(script.Read("/checkpoint/offsets/0"), "0").ValueOrDie();
  EXPECT_EQ(entry.batch_timestamp_ms, StreamScript::kStartMs);
  EXPECT_TRUE(entry.conf.Find(kChecksumKey));
  EXPECT_TRUE(entry.conf.Find(kWriterKey));
}

TEST(MicroBatchLoop, ARestartGoesOnWithTheNextBatchAndKeepsItsId) {
  StreamScript script;
  const auto first = script.StartAndSettle(script.Spec());
  ASSERT_TRUE(first->Stop().ok());
  const auto second = script.StartAndSettle(script.Spec());
  ASSERT_TRUE(second->Stop().ok());
  EXPECT_EQ(first->id(), second->id());
  EXPECT_NE(first->run_id(), second->run_id());
  EXPECT_THAT(script.Names("/checkpoint/commits"), ElementsAre("0", "1"));
  EXPECT_EQ(second->last_progress()->sources[0].start_offset, first->last_progress()->sources[0].end_offset);
}

TEST(MicroBatchLoop, ABatchWithoutItsCommitIsSkippedWhenTheSinkHasIt) {  // apache/paimon 9667
  StreamScript script;
  ASSERT_TRUE(script.StartAndSettle(script.Spec())->Stop().ok());
  const auto parts = Contents(script, "/table");
  script.Delete("/checkpoint/commits/0");
  const auto query = script.StartAndSettle(script.Spec());
  ASSERT_TRUE(query->Stop().ok());
  EXPECT_THAT(script.Names("/checkpoint/commits"), ElementsAre("0"));
  EXPECT_EQ(Contents(script, "/table"), parts);
  EXPECT_EQ(query->last_progress()->input_rows(), 0);
}

TEST(MicroBatchLoop, ABatchThatIsRunAgainWritesTheSameBytesToTheSameNames) {
  StreamScript script;
  ASSERT_TRUE(script.StartAndSettle(script.Spec())->Stop().ok());
  const auto parts = Contents(script, "/table");
  ASSERT_EQ(parts.size(), 2u) << "one file a partition";
  script.Delete("/checkpoint/commits/0");
  script.Delete("/table/_spark_metadata/0");
  script.Delete("/table/" + parts.begin()->first);
  ASSERT_TRUE(script.StartAndSettle(script.Spec())->Stop().ok());
  EXPECT_EQ(Contents(script, "/table"), parts);
  EXPECT_THAT(script.Names("/table/_spark_metadata"), ElementsAre("0"));
}

TEST(MicroBatchLoop, ABatchThatIsRunAgainUnderOtherSettingsLeavesNoFileOfTheFirstAttempt) {
  StreamScript script;
  ASSERT_TRUE(script.StartAndSettle(script.Spec())->Stop().ok());
  const auto first = Contents(script, "/table");
  script.Delete("/checkpoint/commits/0");
  script.Delete("/table/_spark_metadata/0");
  QuerySpec other = script.Spec();
  ASSERT_TRUE(other.conf.Set("spark.sql.parquet.compression.codec", "zstd").ok());
  ASSERT_TRUE(script.StartAndSettle(other)->Stop().ok());
  const auto second = Contents(script, "/table");
  ASSERT_EQ(second.size(), first.size());
  for (const auto& [name, bytes] : second) EXPECT_THAT(name, testing::HasSubstr(".zstd.parquet"));

  // Killed between the sink log and the deletion: the next start makes it good.
  const auto& [leftover, bytes] = *first.begin();
  ASSERT_TRUE(script.fs().CreateAtomic("/table/" + leftover, bytes).ok());
  script.Delete("/checkpoint/commits/0");
  ASSERT_TRUE(script.StartAndSettle(other)->Stop().ok());
  EXPECT_EQ(Contents(script, "/table"), second);
}

// The settings of the first attempt come back after a second one, under others, died somewhere.
TEST(MicroBatchLoop, SettingsThatComeBackLeaveNoFileOfTheAttemptBetween) {
  int64_t cases = 0;
  for (int64_t k = 1;; ++k, ++cases) {
    const auto files = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
    StreamScript script(files);
    ASSERT_TRUE(script.StartAndSettle(script.Spec())->Stop().ok());
    const auto first = Contents(script, "/table");
    script.Delete("/checkpoint/commits/0");
    script.Delete("/table/_spark_metadata/0");
    QuerySpec other = script.Spec(QueryTrigger{TriggerKind::kAvailableNow, 0});
    ASSERT_TRUE(other.conf.Set("spark.sql.parquet.compression.codec", "zstd").ok());
    files->FailAt(k, FaultWay::kCrashBefore);
    if (const auto between = script.Start(other); between.ok()) {
      std::ignore = (*between)->AwaitTermination(std::nullopt);
    }
    files->Revive();
    if (!script.Names("/checkpoint/commits").empty()) break;  // the attempt between got through
    ASSERT_TRUE(script.StartAndSettle(script.Spec())->Stop().ok());
    const auto last = Contents(script, "/table");
    // The sink log may name the files of either attempt, never a listing both.
    EXPECT_EQ(last.size(), first.size()) << "call " << k;
    for (const std::string& name : script.Names("/checkpoint/offsets")) EXPECT_FALSE(name.starts_with(".0")) << k;
  }
  EXPECT_GT(cases, 20);
}

TEST(MicroBatchLoop, AvailableNowEndsByItself) {
  StreamScript script;
  const auto query = script.Start(script.Spec(QueryTrigger{TriggerKind::kAvailableNow, 0})).ValueOrDie();
  ASSERT_TRUE(query->AwaitTermination(std::nullopt).ValueOrDie());
  EXPECT_FALSE(script.Names("/checkpoint/commits").empty());
}

TEST(MicroBatchLoop, ForeignWritersAreFound) {
  StreamScript script;
  ASSERT_TRUE(script.StartAndSettle(script.Spec())->Stop().ok());
  QuerySpec fresh = script.Spec();
  fresh.checkpoint = "/fresh-checkpoint";
  const auto refused = script.Start(std::move(fresh));
  ASSERT_FALSE(refused.ok()) << "a fresh checkpoint on a used folder would lose rows";
  EXPECT_NE(refused.status().message().find("/table"), std::string::npos);
}

TEST(MicroBatchLoop, DamageIsRefusedByTheFilesName) {
  StreamScript script;
  ASSERT_TRUE(script.StartAndSettle(script.Spec())->Stop().ok());
  const std::string entry = script.Read("/checkpoint/offsets/0");
  script.Delete("/checkpoint/commits/0");
  for (size_t at = 0; at < entry.size(); at += 7) {
    std::string damaged = entry;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    script.Delete("/checkpoint/offsets/0");
    ASSERT_TRUE(script.fs().CreateAtomic("/checkpoint/offsets/0", damaged).ok());
    const auto refused = script.Start(script.Spec());
    ASSERT_FALSE(refused.ok()) << "byte " << at;
    EXPECT_NE(refused.status().message().find("offsets/0"), std::string::npos) << refused.status().message();
  }
}

TEST(MicroBatchLoop, TheMemorySinkNeedsNoCheckpoint) {
  StreamScript script;
  QuerySpec spec = script.Spec();
  spec.checkpoint.clear();
  spec.sink_path.clear();
  spec.sink_format = "memory";
  spec.name = "rows";
  const auto query = script.StartAndSettle(std::move(spec));
  script.Advance(*query, 1000);
  ASSERT_TRUE(query->Stop().ok());
  int64_t rows = 0;
  for (const auto& batch : FindMemoryTable(script.env(), "session", "rows")->Rows().ValueOrDie())
    rows += batch->num_rows();
  EXPECT_EQ(rows, 2 * StreamScript::kRowsPerBatch);
}

TEST(QueryManager, ConflictsAreRefused) {
  StreamScript script;
  QuerySpec named = script.Spec();
  named.name = "q";
  const auto query = script.StartAndSettle(named);
  EXPECT_TRUE(HasErrorClass(script.Start(named).status(), "SLUICE_QUERY_NAME_IN_USE"));
  EXPECT_TRUE(HasErrorClass(script.Start(script.Spec()).status(), "CONCURRENT_QUERY"));
  QuerySpec same_folder = script.Spec();
  same_folder.checkpoint = "/other";
  EXPECT_TRUE(HasErrorClass(script.Start(same_folder).status(), "SLUICE_SINK_IN_USE"));
  EXPECT_EQ(script.manager().Active().size(), 1u);
  EXPECT_EQ(script.manager().Find(query->run_id()), query);
  EXPECT_TRUE(script.manager().StopAll());
  EXPECT_TRUE(script.manager().Active().empty());
}

}  // namespace
}  // namespace sluice
