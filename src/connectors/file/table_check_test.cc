// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_check.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/checkpoint_check.h"
#include "checkpoint/offset_conf.h"
#include "connectors/file/file_sink.h"
#include "connectors/parquet/parquet_format.h"

namespace sluice {
namespace {

// A checkpoint and a table of three batches, the way the loop writes them.
class TableCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    checkpoint = std::move(*Checkpoint::Open({fs, "/ck"}, env.get()));
    context.env = env;
    context.path = "/out";
    context.query_id = checkpoint->query_id();
    context.schema = arrow::schema({arrow::field("n", arrow::int32())});
    auto sink = *FileSink::Open(kParquetFormat, context);
    ASSERT_TRUE(sink->Start(BatchId(0), false).ok());
    for (int batch = 0; batch < 3; ++batch) {
      Plan(batch);
      Run(sink.get(), batch, true);
      ASSERT_TRUE(checkpoint->commits().Write(BatchId(batch), {}).ok());
    }
  }

  void Plan(int64_t batch) {
    OffsetEntry entry;
    entry.batch_timestamp_ms = 1700000000000;
    entry.conf = NextEntryConf({}, nullptr, "nonce");
    entry.offsets.emplace_back(R"({"t":{"0":)" + std::to_string(batch) + "}}");
    ASSERT_TRUE(checkpoint->offsets().Write(BatchId(batch), entry).ok());
  }

  void Run(StreamSink* sink, int64_t batch, bool commit) {
    arrow::Int32Builder values;
    ASSERT_TRUE(values.Append(static_cast<int32_t>(batch)).ok());
    auto writer = *sink->OpenTask(BatchId(batch), TaskId(0), "t-0:" + std::to_string(batch));
    ASSERT_TRUE(writer->Write(arrow::RecordBatch::Make(context.schema, 1, {*values.Finish()})).ok());
    std::vector<std::unique_ptr<TaskCommit>> commits;
    commits.push_back(*writer->Finish());
    if (commit) {
      ASSERT_TRUE(sink->Commit(BatchId(batch), std::move(commits)).ok());
    }
  }

  TableReport Verify() { return *VerifyCheckpoint({fs, "/ck"}, {fs, "/out"}); }
  void Rewrite(const std::string& path, const std::string& content) {
    ASSERT_TRUE(fs->Delete("/", {path}).ok());
    ASSERT_TRUE(fs->CreateAtomic(path, content).ok());
  }
  std::string PartFile() {
    for (const FileInfo& file : *fs->List("/out", true)) {
      if (file.path.find("part-") != std::string::npos) return file.path;
    }
    return "";
  }

  std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem();
  std::shared_ptr<Env> env = MakeTestEnv(std::make_shared<ManualClock>(1700000000000), fs);
  std::unique_ptr<Checkpoint> checkpoint;
  SinkContext context;
};

TEST_F(TableCheckTest, AWholeTableIsWhole) {
  const TableReport report = Verify();
  EXPECT_FALSE(report.damaged()) << FormatReport(report);
  EXPECT_TRUE(report.orphans.empty());
  EXPECT_EQ(FormatReport(report), "whole\n");
}

TEST_F(TableCheckTest, OrphansAreListedAndCleanedButNoOthers) {
  const std::string orphan = "/out/part-00007-78047e42-570e-476a-a8da-4f6632edc9a2-c000.snappy.parquet";
  const std::string temporary = "/out/.part-00007-78047e42-570e-476a-a8da-4f6632edc9a2-c000.snappy.parquet.12-3.tmp";
  for (const std::string& path : {orphan, temporary, std::string("/out/notes.txt")}) {
    ASSERT_TRUE(fs->CreateAtomic(path, "x").ok());
  }
  // Batch 3 is planned and its file written, then the process dies.
  Plan(3);
  auto sink = *FileSink::Open(kParquetFormat, context);
  ASSERT_TRUE(sink->Start(BatchId(3), true).ok());
  Run(sink.get(), 3, false);
  const size_t files = fs->List("/out", true)->size();

  const TableReport report = Verify();
  EXPECT_FALSE(report.damaged()) << FormatReport(report);
  EXPECT_EQ(report.orphans, (std::vector<std::string>{temporary, orphan}));
  EXPECT_EQ(report.notes.size(), 1u);
  EXPECT_EQ(*CleanCheckpoint({fs, "/ck"}, {fs, "/out"}), report.orphans);
  EXPECT_EQ(fs->List("/out", true)->size(), files - 2);
  EXPECT_TRUE(Verify().orphans.empty());
}

TEST_F(TableCheckTest, MissingAndChangedFilesAreDamage) {
  const std::string file = PartFile();
  Rewrite(file, "short");
  EXPECT_TRUE(Verify().damaged());
  ASSERT_TRUE(fs->Delete("/", {file}).ok());
  const TableReport report = Verify();
  ASSERT_EQ(report.damage.size(), 1u);
  EXPECT_NE(report.damage[0].find(file), std::string::npos);
  EXPECT_FALSE(CleanCheckpoint({fs, "/ck"}, {fs, "/out"}).ok());
}

TEST_F(TableCheckTest, EveryDamagedLogIsFoundByName) {
  for (const std::string path : {"/ck/metadata", "/ck/offsets/1", "/ck/commits/1", "/out/_spark_metadata/1"}) {
    const std::string whole = *fs->ReadFile(path);
    for (const std::string& damaged : {std::string(), std::string("v99\n{}"), whole.substr(0, whole.size() - 4)}) {
      Rewrite(path, damaged);
      const TableReport report = Verify();
      ASSERT_TRUE(report.damaged()) << path << " as " << damaged;
      EXPECT_NE(FormatReport(report).find(path), std::string::npos) << FormatReport(report);
    }
    Rewrite(path, whole);
    ASSERT_FALSE(Verify().damaged());
  }
}

TEST_F(TableCheckTest, MissingEntriesAreDamageExceptCommits) {
  for (const auto& [path, damage] : std::vector<std::pair<std::string, bool>>{{"/ck/offsets/1", true},
                                                                              {"/ck/commits/1", false},
                                                                              {"/ck/commits/2", false},
                                                                              {"/out/_spark_metadata/2", true},
                                                                              {"/out/_spark_metadata/0", true},
                                                                              {"/ck/offsets/2", true},
                                                                              {"/ck/metadata", true}}) {
    const std::string whole = *fs->ReadFile(path);
    ASSERT_TRUE(fs->Delete("/", {path}).ok());
    EXPECT_EQ(Verify().damaged(), damage) << path << "\n" << FormatReport(Verify());
    ASSERT_TRUE(fs->CreateAtomic(path, whole).ok());
  }
}

// A query into noop, memory or the console has a checkpoint and no table.
TEST_F(TableCheckTest, WithoutATableTheCheckpointAloneIsLookedAt) {
  const auto verify = [this] { return *VerifyWithoutTable({fs, "/ck"}); };
  ASSERT_TRUE(fs->Delete("/", {"/out/_spark_metadata/1"}).ok());
  EXPECT_TRUE(Verify().damaged());
  EXPECT_EQ(FormatReport(verify()),
            "note: The checkpoint alone was looked at: where the query writes files, name their folder (--sink).\n"
            "whole\n");
  Rewrite("/ck/offsets/1", "v99\n{}");
  EXPECT_NE(FormatReport(verify()).find("damage: The file /ck/offsets/1"), std::string::npos) << FormatReport(verify());
}

TEST_F(TableCheckTest, AFolderWithoutASinkLogIsNotCleaned) {
  ASSERT_TRUE(fs->CreateAtomic("/plain/part-00000-78047e42-570e-476a-a8da-4f6632edc9a2-c000.snappy.parquet", "x").ok());
  auto fresh = Checkpoint::Open({fs, "/fresh"}, env.get());
  ASSERT_TRUE(fresh.ok());
  EXPECT_TRUE(HasErrorClass(CleanCheckpoint({fs, "/fresh"}, {fs, "/plain"}).status(), "SLUICE_CHECKPOINT_MISMATCH"));
  EXPECT_EQ(fs->List("/plain", true)->size(), 1u);
}

TEST_F(TableCheckTest, ShowTellsWhereTheQueryStands) {
  Plan(3);
  const std::string text = *ShowCheckpoint({fs, "/ck"});
  EXPECT_NE(text.find("next           batch 3, planned before"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(source 0       {"t":{"0":3}})"), std::string::npos) << text;
  EXPECT_NE(text.find("2023-11-14 22:13:20 UTC, by Sluice"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice
