// SPDX-License-Identifier: Apache-2.0
// Part files of partitioned tasks: how many, in which order, with which bytes, and what failures leave.
#include "connectors/file/file_task_writer.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/part_file_name.h"
#include "connectors/parquet/parquet_format.h"
#include "env/faulty_file_system.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Files = std::map<std::string, std::string>;  // content by path

constexpr char kQuery[] = "78047e42-570e-476a-a8da-4f6632edc9a2";
constexpr int kRows = 3000;

std::shared_ptr<arrow::Schema> RowSchema() {
  return arrow::schema({arrow::field("day", arrow::int32()), arrow::field("n", arrow::int32(), false),
                        arrow::field("tags", ArrayType(StringType())), arrow::field("text", StringType())});
}

// Row i is in the folder day=i*i % days, which comes back irregularly.
std::shared_ptr<arrow::RecordBatch> Slice(int begin, int end, int days, size_t text_size) {
  arrow::Int32Builder day;
  arrow::Int32Builder number;
  arrow::StringViewBuilder text;
  std::vector<int32_t> offsets{0};
  arrow::StringViewBuilder tags;
  for (int i = begin; i < end; ++i) {
    EXPECT_TRUE(day.Append(static_cast<int32_t>(int64_t{i} * i % days)).ok());
    EXPECT_TRUE(number.Append(i).ok());
    const std::string value = std::to_string(i) + std::string(text_size, static_cast<char>('a' + i % 26));
    EXPECT_TRUE((i % 9 == 0 ? text.AppendNull() : text.Append(value)).ok());
    for (int tag = 0; tag < i % 3; ++tag) EXPECT_TRUE(tags.Append("tag " + std::to_string(i + tag)).ok());
    offsets.push_back(static_cast<int32_t>(tags.length()));
  }
  const auto elements = *(*tags.Finish())->View(StringType());
  const auto list = arrow::MakeArray(arrow::ArrayData::Make(
      ArrayType(StringType()), end - begin, {nullptr, arrow::Buffer::FromVector(offsets)}, {elements->data()}, 0));
  return arrow::RecordBatch::Make(RowSchema(), end - begin,
                                  {*day.Finish(), *number.Finish(), list, *(*text.Finish())->View(StringType())});
}

class FileTaskWriterTest : public ::testing::Test {
 protected:
  struct Task {
    int days = 100;
    int slice_rows = 500;
    size_t text_size = 30;
    bool deterministic = true;
    MemoryBudget* budget = nullptr;
    bool recovered = false;
    bool recovered_otherwise = false;
  };

  Result<std::unique_ptr<StreamSink>> Open(const Task& task) {
    SinkContext context;
    context.env = MakeTestEnv(clock, fs);
    context.conf = conf;
    context.options = options;
    context.path = "/out";
    context.partition_columns = {"day"};
    context.output_mode = "append";
    context.query_id = kQuery;
    context.schema = RowSchema();
    context.deterministic = task.deterministic;
    context.recovered_otherwise = task.recovered_otherwise;
    context.budget = task.budget;
    SLUICE_ASSIGN(auto sink, FileSink::Open(kParquetFormat, context));
    SLUICE_RETURN_IF_ERROR(sink->Start(BatchId(0), task.recovered));
    return sink;
  }

  Status WriteRows(TaskWriter* writer, const Task& task) {
    for (int begin = 0; begin < kRows; begin += task.slice_rows) {
      const int end = std::min(begin + task.slice_rows, kRows);
      SLUICE_RETURN_IF_ERROR(writer->Write(Slice(begin, end, task.days, task.text_size)));
    }
    return Status::OK();
  }

  // One task of batch 0, with its commit.
  Status Run(const Task& task) {
    SLUICE_ASSIGN(const auto sink, Open(task));
    SLUICE_ASSIGN(const BatchStanding standing, sink->Standing(BatchId(0), task.recovered));
    if (standing == BatchStanding::kCommitted) return Status::OK();
    SLUICE_ASSIGN(const auto writer, sink->OpenTask(BatchId(0), TaskId(3), "input"));
    SLUICE_RETURN_IF_ERROR(WriteRows(writer.get(), task));
    std::vector<std::unique_ptr<TaskCommit>> commits;
    SLUICE_ASSIGN(auto commit, writer->Finish());
    EXPECT_EQ(commit->rows, kRows);
    commits.push_back(std::move(commit));
    return sink->Commit(BatchId(0), std::move(commits));
  }

  Files PartFiles() {
    Files found;
    for (const FileInfo& file : fs->List("/out", true).ValueOrDie()) {
      if (file.path.find("/_spark_metadata/") == std::string::npos) found[file.path] = *fs->ReadFile(file.path);
    }
    return found;
  }

  Files FilesOf(const Task& task) {
    fs = MakeMemoryFileSystem();
    const Status status = Run(task);
    EXPECT_TRUE(status.ok()) << status;
    return PartFiles();
  }

  static std::vector<int32_t> NumbersIn(const std::string& file) {
    const auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(file));
    auto reader = *parquet::arrow::OpenFile(source, arrow::default_memory_pool());
    const auto table = reader->ReadTable().ValueOrDie();
    std::vector<int32_t> numbers;
    for (const auto& chunk : table->GetColumnByName("n")->chunks()) {
      const auto& values = static_cast<const arrow::Int32Array&>(*chunk);
      for (int64_t i = 0; i < values.length(); ++i) numbers.push_back(values.Value(i));
    }
    return numbers;
  }

  static int Days(int days) {
    std::set<int64_t> found;
    for (int64_t i = 0; i < kRows; ++i) found.insert(i * i % days);
    return static_cast<int>(found.size());
  }

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1700000000000);
  std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem();
  Conf conf;
  Options options;
};

TEST_F(FileTaskWriterTest, AFolderHasOneFileHoweverManyThereAre) {
  for (const int days : {1, 8, 9, 100, 2999}) {
    const Files files = FilesOf({.days = days});
    EXPECT_EQ(static_cast<int>(files.size()), Days(days));
    int rows = 0;
    for (const auto& [path, content] : files) {
      const auto name = ParsePartFileName(BaseName(path));
      ASSERT_TRUE(name.has_value()) << path;
      EXPECT_EQ(name->counter, 0);
      const int day = std::stoi(path.substr(std::string("/out/day=").size()));
      std::vector<int32_t> expected;  // in the order of the input
      for (int i = 0; i < kRows; ++i) {
        if (int64_t{i} * i % days == day) expected.push_back(i);
      }
      EXPECT_EQ(NumbersIn(content), expected) << path;
      rows += static_cast<int>(expected.size());
    }
    EXPECT_EQ(rows, kRows);
  }
}

TEST_F(FileTaskWriterTest, MaxRecordsPerFileCutsFilesOfEveryFolder) {
  options.Set("maxRecordsPerFile", "100");
  const Files files = FilesOf({.days = 16, .slice_rows = 130});
  std::map<std::string, std::vector<std::string>> of_folder;
  for (const auto& [path, content] : files) of_folder[path.substr(0, path.rfind('/'))].push_back(path);
  EXPECT_EQ(static_cast<int>(of_folder.size()), Days(16));
  for (const auto& [folder, paths] : of_folder) {
    std::map<int, std::vector<int32_t>> rows_of_counter;
    for (const std::string& path : paths) {
      rows_of_counter[ParsePartFileName(BaseName(path))->counter] = NumbersIn(files.at(path));
    }
    std::vector<int32_t> rows;
    for (const auto& [counter, of_file] : rows_of_counter) {
      const bool last = counter + 1 == static_cast<int>(rows_of_counter.size());
      EXPECT_TRUE(last ? of_file.size() <= 100 : of_file.size() == 100) << folder << " " << counter;
      rows.insert(rows.end(), of_file.begin(), of_file.end());
    }
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end())) << folder;
    EXPECT_EQ(paths.size(), (rows.size() + 99) / 100) << folder;
  }
}

// The budget decides what is spilled, and nothing else.
TEST_F(FileTaskWriterTest, FilesAreTheSameWhateverTheBudget) {
  ASSERT_TRUE(conf.Set("spark.sluice.parquet.rowGroupBytes", "200k").ok());
  const Task task{.days = 60, .text_size = 2000};
  const Files expected = FilesOf(task);
  for (const int64_t limit : {int64_t{600'000}, int64_t{2} << 20, int64_t{128} << 20}) {
    MemoryBudget budget(limit);
    Task within = task;
    within.budget = &budget;
    EXPECT_EQ(FilesOf(within), expected) << limit;
    EXPECT_GT(budget.peak(), 0);
    EXPECT_EQ(budget.used(), 0);
  }
}

// Rows that are sorted are cut into slices anew.
TEST_F(FileTaskWriterTest, SortedFilesAreTheSameHoweverTheInputIsSliced) {
  Files files = FilesOf({.days = 500});
  const Files of_small_slices = FilesOf({.days = 500, .slice_rows = 7});
  ASSERT_EQ(files.size(), of_small_slices.size());
  size_t same = 0;
  for (const auto& [path, content] : of_small_slices) same += files.at(path) == content ? 1 : 0;
  EXPECT_GE(same, files.size() - FileTaskWriter::kDirectFolders);
}

TEST_F(FileTaskWriterTest, TheSinkLogNamesEachFileOnce) {
  const Files files = FilesOf({.days = 100});
  const std::string log = *fs->ReadFile("/out/_spark_metadata/0");
  std::set<std::string> named;
  for (size_t at = 0; (at = log.find("\"path\":\"file://", at)) != std::string::npos; at += 15) {
    named.insert(log.substr(at + 15, log.find('"', at + 15) - at - 15));
  }
  std::set<std::string> expected;
  for (const auto& [path, content] : files) expected.insert(path);
  EXPECT_EQ(named, expected);
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), static_cast<std::ptrdiff_t>(files.size()));
}

// Every call fails in turn, then the batch is run again.
TEST_F(FileTaskWriterTest, AfterAFailedCallAReRunGivesTheSameFilesAndTheBudgetIsWhole) {
  const Task task{.days = 47, .slice_rows = 1500};
  ASSERT_TRUE(conf.Set("spark.sluice.parquet.rowGroupBytes", "200k").ok());
  const Files expected = FilesOf(task);
  for (const FaultWay way : {FaultWay::kError, FaultWay::kLostReply, FaultWay::kCrashAfter}) {
    int64_t failures = 0;
    for (int64_t at = 1;; ++at) {
      const auto base = MakeMemoryFileSystem();
      const auto faulty = std::make_shared<FaultyFileSystem>(base);
      fs = faulty;
      MemoryBudget budget(600 << 10);
      Task within = task;
      within.budget = &budget;
      faulty->FailAt(at, way);
      const Status status = Run(within);
      if (!faulty->fired()) break;
      failures += status.ok() ? 0 : 1;
      EXPECT_EQ(budget.used(), 0) << at;
      fs = base;
      within.recovered = true;
      ASSERT_TRUE(Run(within).ok()) << at;
      ASSERT_EQ(PartFiles(), expected) << at;
    }
    EXPECT_GT(failures, 60);
  }
}

TEST_F(FileTaskWriterTest, AFailedTaskOfRandomNamesLeavesNothing) {
  const auto base = MakeMemoryFileSystem();
  for (int64_t at = 5;; at += 7) {
    const auto faulty = std::make_shared<FaultyFileSystem>(base);
    fs = faulty;
    MemoryBudget budget(64 << 20);
    const Task task{.days = 47, .slice_rows = 1500, .deterministic = false, .budget = &budget};
    faulty->FailAt(at, FaultWay::kLostReply);
    {
      const auto sink = Open(task);
      if (!sink.ok()) continue;
      const auto writer = (*sink)->OpenTask(BatchId(0), TaskId(3), "input");
      ASSERT_TRUE(writer.ok());
      const Status written = WriteRows(writer->get(), task);
      const bool finished = written.ok() && (*writer)->Finish().ok();
      if (!faulty->fired()) {
        EXPECT_TRUE(finished);
        break;
      }
      EXPECT_FALSE(finished);
    }
    fs = base;
    EXPECT_TRUE(PartFiles().empty()) << at;
    EXPECT_EQ(budget.used(), 0);
  }
}

TEST_F(FileTaskWriterTest, AnAbandonedTaskLeavesNothingAndGivesItsMemoryBack) {
  MemoryBudget budget(64 << 20);
  const Task task{.budget = &budget};
  {
    const auto sink = *Open(task);
    const auto writer = *sink->OpenTask(BatchId(0), TaskId(3), "input");
    ASSERT_TRUE(WriteRows(writer.get(), task).ok());
    EXPECT_GT(budget.used(), 0);
  }
  EXPECT_TRUE(PartFiles().empty());
  EXPECT_EQ(budget.used(), 0);
}

// A batch that was begun by a version that went on in further files of a folder: those are of other names.
TEST_F(FileTaskWriterTest, FurtherFilesOfAnEarlierAttemptGo) {
  const Files expected = FilesOf({});
  fs = MakeMemoryFileSystem();
  PartFileName name;
  name.task = TaskId(3);
  name.counter = 1;
  name.uuid = MakePartUuid({kQuery, BatchId(0), "input", "day=1", 1});
  name.partitioned = true;
  name.extension = ".snappy.parquet";
  const std::string further = "/out/day=1/" + FormatPartFileName(name);
  ASSERT_TRUE(fs->CreateAtomic(further, "older").ok());
  const std::string first = std::find_if(expected.begin(), expected.end(), [](const auto& file) {
                              return file.first.starts_with("/out/day=1/");
                            })->first;
  ASSERT_TRUE(fs->CreateAtomic(first, "older").ok());
  ASSERT_TRUE(Run({.recovered = true, .recovered_otherwise = true}).ok());
  EXPECT_EQ(PartFiles(), expected);
}

}  // namespace
}  // namespace sluice
