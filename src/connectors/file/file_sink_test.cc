// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_sink.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "connectors/file/part_file_name.h"
#include "connectors/parquet/parquet_format.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr char kQuery[] = "78047e42-570e-476a-a8da-4f6632edc9a2";

std::shared_ptr<arrow::Schema> TestSchema() {
  return arrow::schema(
      {arrow::field("n", arrow::int32()), arrow::field("s", StringType()), arrow::field("at", TimestampType(), false)});
}

std::shared_ptr<arrow::RecordBatch> Slice(int begin, int count) {
  arrow::Int32Builder numbers;
  arrow::StringViewBuilder strings;
  arrow::TimestampBuilder times(TimestampType(), arrow::default_memory_pool());
  for (int i = begin; i < begin + count; ++i) {
    EXPECT_TRUE(i % 5 == 0 ? numbers.AppendNull().ok() : numbers.Append(i % 3).ok());
    EXPECT_TRUE(strings.Append("a value longer than twelve bytes " + std::to_string(i)).ok());
    EXPECT_TRUE(times.Append(1700000000000000 + i).ok());
  }
  return arrow::RecordBatch::Make(TestSchema(), count,
                                  {*numbers.Finish(), *(*strings.Finish())->View(StringType()), *times.Finish()});
}

class FileSinkTest : public ::testing::Test {
 protected:
  SinkContext Context() {
    SinkContext context;
    context.env = env;
    context.conf = conf;
    context.options = options;
    context.path = "/out";
    context.partition_columns = partitions;
    context.output_mode = "append";
    context.query_id = query;
    context.schema = TestSchema();
    context.deterministic = deterministic;
    context.budget = &budget;
    return context;
  }

  Result<std::unique_ptr<StreamSink>> Started(int64_t next, bool recovered) {
    SLUICE_ASSIGN(auto sink, FileSink::Open(kParquetFormat, Context()));
    SLUICE_RETURN_IF_ERROR(sink->Start(BatchId(next), recovered));
    return sink;
  }

  Result<std::vector<std::unique_ptr<TaskCommit>>> RunTasks(StreamSink* sink, int64_t batch, int rows = 100) {
    std::vector<std::unique_ptr<TaskCommit>> commits;
    for (int task = 0; task < 2; ++task) {
      SLUICE_ASSIGN(auto writer, sink->OpenTask(BatchId(batch), TaskId(task), "part-" + std::to_string(task)));
      for (int begin = 0; begin < rows; begin += 50)
        SLUICE_RETURN_IF_ERROR(writer->Write(Slice(begin, std::min(50, rows - begin))));
      SLUICE_ASSIGN(auto commit, writer->Finish());
      commits.push_back(std::move(commit));
    }
    return commits;
  }

  Status RunBatch(StreamSink* sink, int64_t batch, int rows = 100) {
    SLUICE_ASSIGN(auto commits, RunTasks(sink, batch, rows));
    return sink->Commit(BatchId(batch), std::move(commits));
  }

  std::map<std::string, std::string> Files() {
    std::map<std::string, std::string> files;
    const auto listing = fs->List("/out", true);
    for (const FileInfo& file : *listing) files[file.path] = *fs->ReadFile(file.path);
    return files;
  }

  std::vector<std::string> PartFiles() {
    std::vector<std::string> names;
    for (const auto& [path, content] : Files()) {
      if (path.find("_spark_metadata") == std::string::npos) names.push_back(path);
    }
    return names;
  }

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1700000000000);
  std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem();
  std::shared_ptr<Env> env = MakeTestEnv(clock, fs);
  Conf conf;
  Options options;
  std::vector<std::string> partitions;
  std::string query = kQuery;
  bool deterministic = true;
  MemoryBudget budget{128 << 20};
};

TEST_F(FileSinkTest, ReRunOfABatchGivesTheSameBytesUnderTheSameNames) {
  auto sink = *Started(0, false);
  ASSERT_TRUE(RunTasks(sink.get(), 0).ok());
  const auto first = Files();
  ASSERT_EQ(first.size(), 2u);
  clock->Advance(60000);
  MemoryBudget small(33 << 20);
  SinkContext context = Context();
  context.budget = &small;
  auto again = *FileSink::Open(kParquetFormat, context);
  ASSERT_TRUE(again->Start(BatchId(0), true).ok());
  ASSERT_TRUE(RunTasks(again.get(), 0).ok());
  EXPECT_EQ(Files(), first);
  EXPECT_EQ(small.used(), 0);
}

TEST_F(FileSinkTest, CommitsTenBatchesAndCompacts) {
  auto sink = *Started(0, false);
  for (int batch = 0; batch < 12; ++batch) ASSERT_TRUE(RunBatch(sink.get(), batch, 10).ok());
  auto files = Files();
  EXPECT_EQ(files.count("/out/_spark_metadata/9"), 0u);
  const std::string compact = files.at("/out/_spark_metadata/9.compact");
  EXPECT_EQ(std::count(compact.begin(), compact.end(), '\n'), 20);
  const std::string last = files.at("/out/_spark_metadata/11");
  EXPECT_TRUE(last.starts_with("v1\n{\"path\":\"file:///out/part-00000-")) << last;
  EXPECT_TRUE(
      last.ends_with("\"isDir\":false,\"modificationTime\":1700000000000,\"blockReplication\":1,"
                     "\"blockSize\":33554432,\"action\":\"add\"}"))
      << last;
  ASSERT_TRUE(Started(12, false).ok());
}

TEST_F(FileSinkTest, RecoveredBatchThatIsInTheLogIsCommitted) {
  ASSERT_TRUE(RunBatch(Started(0, false)->get(), 0).ok());
  auto sink = Started(0, true);
  ASSERT_TRUE(sink.ok()) << sink.status();
  EXPECT_EQ(*(*sink)->Standing(BatchId(0), true), BatchStanding::kCommitted);
  EXPECT_EQ(*(*sink)->Standing(BatchId(1), false), BatchStanding::kNew);
}

TEST_F(FileSinkTest, NewCheckpointOnAUsedFolderIsRefusedWithTheWaysOut) {
  ASSERT_TRUE(RunBatch(Started(0, false)->get(), 0).ok());
  const Status status = Started(0, false).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_SINK_IN_USE")) << status;
  EXPECT_NE(status.message().find("another output folder"), std::string::npos);
}

TEST_F(FileSinkTest, RecoveredBatchOfAnotherQueryIsRefused) {
  ASSERT_TRUE(RunBatch(Started(0, false)->get(), 0).ok());
  query = "00000000-0000-4000-8000-000000000000";
  EXPECT_TRUE(HasErrorClass(Started(0, true).status(), "SLUICE_SINK_IN_USE"));
}

TEST_F(FileSinkTest, LostSinkLogEntriesAreRefused) {
  auto sink = *Started(0, false);
  for (int batch = 0; batch < 3; ++batch) ASSERT_TRUE(RunBatch(sink.get(), batch).ok());
  ASSERT_TRUE(fs->Delete("/", {"/out/_spark_metadata/2"}).ok());
  EXPECT_TRUE(HasErrorClass(Started(3, false).status(), "SLUICE_SINK_LOG_DAMAGED"));
  EXPECT_TRUE(Started(2, true).ok());
  ASSERT_TRUE(RunBatch(Started(2, true)->get(), 2).ok());
  ASSERT_TRUE(fs->Delete("/", {"/out/_spark_metadata/1"}).ok());
  const Status status = Started(3, false).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_SINK_LOG_DAMAGED")) << status;
  EXPECT_NE(status.message().find("/out/_spark_metadata/1"), std::string::npos);
}

TEST_F(FileSinkTest, EmptySinkLogEntryIsRefused) {
  auto sink = *Started(0, false);
  for (int batch = 0; batch < 2; ++batch) ASSERT_TRUE(RunBatch(sink.get(), batch).ok());
  ASSERT_TRUE(fs->Delete("/", {"/out/_spark_metadata/1"}).ok());
  ASSERT_TRUE(fs->CreateAtomic("/out/_spark_metadata/1", "").ok());
  const Status status = Started(2, false).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_CHECKPOINT_DAMAGED")) << status;
  EXPECT_NE(status.message().find("/out/_spark_metadata/1"), std::string::npos);
}

TEST_F(FileSinkTest, OtherFilesInTheLogAreARace) {
  auto mine = *Started(0, false);
  auto theirs = *Started(0, false);
  ASSERT_TRUE(RunBatch(theirs.get(), 0, 100).ok());
  auto commits = RunTasks(mine.get(), 0, 100);
  ASSERT_TRUE(commits.ok());
  // The same files, a moment later: fine.
  clock->Advance(5);
  ASSERT_TRUE(mine->Commit(BatchId(0), std::move(*commits)).ok());
  auto late = *Started(0, true);
  (*late).Standing(BatchId(0), true).ok();
  const Status status = late->Commit(BatchId(0), {});
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_CONCURRENT_WRITER")) << status;
  EXPECT_NE(status.message().find("Race while writing batch 0"), std::string::npos);
}

TEST_F(FileSinkTest, WhoLosesTheRaceTakesItsFilesAway) {
  auto winner = *Started(0, false);
  query = "00000000-0000-4000-8000-00000000000f";
  auto loser = *Started(0, false);
  ASSERT_TRUE(RunBatch(winner.get(), 0, 100).ok());
  const auto before = PartFiles();
  const Status status = RunBatch(loser.get(), 0, 100);
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_CONCURRENT_WRITER")) << status;
  EXPECT_EQ(PartFiles(), before);
}

// The loser of a race must not take the winner's files for its own, unnamed ones.
TEST_F(FileSinkTest, AWriterThatSpellsTheFolderOtherwiseDeletesNothing) {
  auto late = *Started(0, false);
  auto winner = *Started(0, false);
  ASSERT_TRUE(RunBatch(winner.get(), 0, 100).ok());
  const auto files = PartFiles();
  std::string log = *fs->ReadFile("/out/_spark_metadata/0");
  for (size_t at = 0; (at = log.find("file:///out", at)) != std::string::npos;) log.replace(at, 11, "file:///mnt/out");
  ASSERT_TRUE(fs->Delete("/", {"/out/_spark_metadata/0"}).ok());
  ASSERT_TRUE(fs->CreateAtomic("/out/_spark_metadata/0", log).ok());
  EXPECT_TRUE(RunBatch(late.get(), 0, 100).ok());
  EXPECT_EQ(PartFiles(), files);
  // Other files of the winner's in the log: a race, and those that it names stay.
  auto third = *Started(0, true);
  auto commits = RunTasks(third.get(), 0, 100);
  ASSERT_TRUE(commits.ok());
  commits->pop_back();
  EXPECT_TRUE(HasErrorClass(third->Commit(BatchId(0), *std::move(commits)), "SLUICE_CONCURRENT_WRITER"));
  EXPECT_EQ(PartFiles(), files);
}

TEST_F(FileSinkTest, FilesWithOtherBytesAreReplacedOnlyByTheRecoveredBatch) {
  ASSERT_TRUE(RunTasks(Started(0, false)->get(), 0, 100).ok());
  const auto before = Files();
  auto fresh = *Started(0, false);
  EXPECT_TRUE(HasErrorClass(RunTasks(fresh.get(), 0, 60).status(), "SLUICE_CONCURRENT_WRITER"));
  EXPECT_EQ(Files(), before);
  auto recovered = *Started(0, true);
  ASSERT_TRUE(RunTasks(recovered.get(), 0, 60).ok());
  EXPECT_NE(Files(), before);
  // Once the log names the batch, nobody may.
  ASSERT_TRUE(RunBatch(recovered.get(), 0, 60).ok());
  EXPECT_TRUE(HasErrorClass(RunTasks(recovered.get(), 0, 80).status(), "SLUICE_CONCURRENT_WRITER"));
}

TEST_F(FileSinkTest, TaskZeroAloneWritesAnEmptyFile) {
  auto sink = *Started(0, false);
  ASSERT_TRUE(RunBatch(sink.get(), 0, 0).ok());
  const auto files = PartFiles();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_TRUE(files[0].starts_with("/out/part-00000-"));
}

TEST_F(FileSinkTest, MaxRecordsPerFileCutsAtExactlyThatManyRows) {
  options.Set("maxRecordsPerFile", "30");
  auto sink = *Started(0, false);
  ASSERT_TRUE(RunBatch(sink.get(), 0, 90).ok());
  const auto files = PartFiles();
  ASSERT_EQ(files.size(), 6u);
  int of_counter[3] = {0, 0, 0};
  for (const std::string& file : files) {
    const auto name = ParsePartFileName(file.substr(5));
    ASSERT_TRUE(name.has_value()) << file;
    ++of_counter[name->counter];
    EXPECT_EQ(BatchOfPartUuid(name->uuid, kQuery), BatchId(0));
  }
  EXPECT_EQ(of_counter[2], 2);
}

TEST_F(FileSinkTest, PartitionedFilesStandInTheirFolders) {
  partitions = {"N"};
  auto sink = *Started(0, false);
  const Status status = RunBatch(sink.get(), 0, 100);
  ASSERT_TRUE(status.ok()) << status;
  const auto files = PartFiles();
  ASSERT_EQ(files.size(), 8u);
  EXPECT_TRUE(files[0].starts_with("/out/n=0/part-00000-")) << files[0];
  EXPECT_TRUE(files[0].ends_with(".c000.snappy.parquet")) << files[0];
  EXPECT_TRUE(files[6].starts_with("/out/n=__HIVE_DEFAULT_PARTITION__/part-00000-")) << files[6];
}

TEST_F(FileSinkTest, AnAbandonedTaskLeavesNothingNew) {
  auto sink = *Started(0, false);
  {
    auto writer = *sink->OpenTask(BatchId(0), TaskId(0), "x");
    ASSERT_TRUE(writer->Write(Slice(0, 50)).ok());
  }
  EXPECT_TRUE(Files().empty());
  EXPECT_EQ(budget.used(), 0);
}

TEST_F(FileSinkTest, RowGroupsLargerThanHalfOfTheBudgetAreRefused) {
  ASSERT_TRUE(conf.Set("spark.sluice.parquet.rowGroupBytes", "100m").ok());
  auto sink = *Started(0, false);
  const auto opened = sink->OpenTask(BatchId(0), TaskId(0), "x");
  EXPECT_TRUE(HasErrorClass(opened.status(), "SLUICE_MEMORY_BUDGET"));
  EXPECT_EQ(budget.used(), 0);
}

TEST_F(FileSinkTest, RandomNamesWhenThePlanIsNotDeterministic) {
  deterministic = false;
  auto sink = *Started(0, false);
  ASSERT_TRUE(RunBatch(sink.get(), 0, 10).ok());
  for (const std::string& file : PartFiles()) EXPECT_FALSE(IsPartUuid(ParsePartFileName(file.substr(5))->uuid));
}

TEST_F(FileSinkTest, OptionsAreCheckedByName) {
  options.Set("compression", "brotli9");
  EXPECT_TRUE(HasErrorClass(Started(0, false).status(), "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION"));
  options = Options();
  options.Set("parquet.enable.dictionary", "false");
  EXPECT_FALSE(Started(0, false).ok());
  options = Options();
  options.Set("truncate", "false");
  EXPECT_TRUE(Started(0, false).ok());
  partitions = {"missing"};
  EXPECT_TRUE(HasErrorClass(Started(0, false).status(), "PARTITION_COLUMN_NOT_FOUND_IN_SCHEMA"));
  partitions = {"n", "s", "at"};
  EXPECT_TRUE(HasErrorClass(Started(0, false).status(), "ALL_PARTITION_COLUMNS_NOT_ALLOWED"));
}

}  // namespace
}  // namespace sluice
