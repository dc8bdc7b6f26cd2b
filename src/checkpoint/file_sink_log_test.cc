// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/file_sink_log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>

#include "base/spark_error.h"
#include "env/faulty_file_system.h"

namespace sluice {
namespace {

constexpr int64_t kStartMs = 1'700'000'000'000;

std::vector<SinkLogEntry> FilesOf(int64_t batch, int64_t modified_ms = kStartMs) {
  std::vector<SinkLogEntry> entries(2);
  for (int64_t i = 0; i < 2; ++i) {
    entries[i].path = fmt::format("file:///t/part-{}-{}", batch, i);
    entries[i].size = 100 + batch;
    entries[i].modified_ms = modified_ms;
  }
  return entries;
}

std::string AllLines(int64_t batches) {
  std::vector<SinkLogEntry> all;
  for (int64_t batch = 0; batch < batches; ++batch) {
    for (SinkLogEntry& entry : FilesOf(batch)) all.push_back(std::move(entry));
  }
  return FormatSinkLogEntries(all);
}

// A log whose compact files are copied as soon as there is one, as those of large tables are.
class FileSinkLogTest : public ::testing::Test {
 protected:
  FileSinkLogTest() { options.prepare_from_bytes = 0; }

  std::unique_ptr<FileSinkLog> Opened() {
    auto log = std::make_unique<FileSinkLog>(Location{fs, "/t/_spark_metadata"}, options, &clock);
    EXPECT_TRUE(log->Refresh().ok());
    return log;
  }
  static Status AddBatches(FileSinkLog* log, int64_t begin, int64_t end) {
    for (int64_t batch = begin; batch < end; ++batch) SLUICE_RETURN_IF_ERROR(log->Add(BatchId(batch), FilesOf(batch)));
    return Status::OK();
  }
  std::string Read(const std::string& name) { return fs->ReadFile("/t/_spark_metadata/" + name).ValueOrDie(); }
  void Rewrite(const std::string& name, const std::string& content) {
    ASSERT_TRUE(fs->Delete("/", {"/t/_spark_metadata/" + name}).ok());
    ASSERT_TRUE(fs->CreateAtomic("/t/_spark_metadata/" + name, content).ok());
  }
  std::vector<std::string> Visited(const FileSinkLog& log) {
    std::vector<std::string> paths;
    const auto deleted = log.VisitFiles([&](const SinkLogEntry& entry) {
      paths.push_back(entry.path);
      return Status::OK();
    });
    EXPECT_TRUE(deleted.ok()) << deleted.status();
    return paths;
  }

  ManualClock clock{kStartMs};
  std::shared_ptr<FaultyFileSystem> fs = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
  FileSinkLogOptions options;
};

TEST_F(FileSinkLogTest, CompactFilesHoldEveryLineInOrder) {
  for (const int64_t prepare_from : {int64_t{0}, int64_t{8} << 20}) {
    fs = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
    options.prepare_from_bytes = prepare_from;
    const auto log = Opened();
    ASSERT_TRUE(AddBatches(log.get(), 0, 33).ok());
    EXPECT_EQ(Read("9.compact"), AllLines(10));
    EXPECT_EQ(Read("19.compact"), AllLines(20));
    EXPECT_EQ(Read("29.compact"), AllLines(30));
    EXPECT_EQ(log->listing().batches.at(BatchId(29)).size, static_cast<int64_t>(Read("29.compact").size()));
    EXPECT_EQ(Visited(*log).size(), 66u);
  }
}

TEST_F(FileSinkLogTest, OnlyTheTailIsWrittenAtTheCommit) {
  const auto log = Opened();
  ASSERT_TRUE(AddBatches(log.get(), 0, 19).ok());
  fs->Revive();
  ASSERT_TRUE(AddBatches(log.get(), 19, 20).ok());
  const auto count = [&](const std::string& call) {
    const std::vector<std::string> calls = fs->log();
    // The preparation of the file after this one may have begun.
    return std::count_if(calls.begin(), calls.end(), [&](const auto& c) {
      return c.starts_with(call) && c.find("19.compact.crc") == std::string::npos;
    });
  };
  EXPECT_EQ(count("ReadFile"), 0);
  EXPECT_EQ(count("List"), 0);
  EXPECT_EQ(count("Publish"), 1);
  EXPECT_EQ(count("Write"), 1);
}

// FLINK-39778: what a process had taken over ahead and not published is neither lost nor half there after a restart.
TEST_F(FileSinkLogTest, ARestartInTheMiddleCompactsTheSame) {
  for (const int64_t prepare_from : {int64_t{0}, int64_t{8} << 20}) {
    options.prepare_from_bytes = prepare_from;
    for (int64_t stop = 10; stop < 20; ++stop) {
      fs = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
      ASSERT_TRUE(AddBatches(Opened().get(), 0, stop).ok());
      const auto log = Opened();
      ASSERT_TRUE(log->Check().ok());
      ASSERT_TRUE(AddBatches(log.get(), stop, 21).ok());
      EXPECT_EQ(Read("19.compact"), AllLines(20)) << stop;
    }
  }
}

// A large file is taken over ahead, and what is too old then leaves; the rest leaves at the next compaction.
TEST_F(FileSinkLogTest, RetentionDropsOldLines) {
  for (const auto& [prepare_from, first] : std::map<int64_t, std::string>{{0, "4-0"}, {8 << 20, "14-0"}}) {
    fs = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
    options.prepare_from_bytes = prepare_from;
    options.retention_ms = 5000;
    const auto log = Opened();
    for (int64_t batch = 0; batch < 20; ++batch) {
      ASSERT_TRUE(log->Add(BatchId(batch), FilesOf(batch, clock.NowMillis())).ok());
      clock.Advance(1000);
    }
    const auto entries = ParseSinkLogEntries(Read("19.compact"), "19.compact").ValueOrDie();
    ASSERT_FALSE(entries.empty());
    EXPECT_EQ(entries.front().path, "file:///t/part-" + first);
    EXPECT_EQ(entries.size(), prepare_from == 0 ? 24u : 12u);
  }
}

TEST_F(FileSinkLogTest, ADeleteEntryTakesItsFileAway) {
  const auto log = Opened();
  ASSERT_TRUE(AddBatches(log.get(), 0, 15).ok());
  std::vector<SinkLogEntry> entries = FilesOf(3);
  entries.resize(1);
  entries[0].action = "delete";
  Rewrite("15", FormatSinkLogEntries(entries));
  const auto again = Opened();
  EXPECT_EQ(Visited(*again).size(), 30u);
  EXPECT_EQ(again->VisitFiles([](const SinkLogEntry&) { return Status::OK(); }).ValueOrDie(),
            std::set<std::string>{"file:///t/part-3-0"});
  ASSERT_TRUE(AddBatches(again.get(), 16, 20).ok());
  const auto compacted = ParseSinkLogEntries(Read("19.compact"), "19.compact").ValueOrDie();
  EXPECT_EQ(compacted.size(), 37u);
  for (const SinkLogEntry& entry : compacted) EXPECT_NE(entry.path, "file:///t/part-3-0");
}

TEST_F(FileSinkLogTest, TheSameFilesAtAnotherTimeAreNoRace) {
  const auto first = Opened();
  const auto second = Opened();
  ASSERT_TRUE(AddBatches(first.get(), 0, 19).ok());
  ASSERT_TRUE(second->Refresh().ok());
  ASSERT_TRUE(first->Add(BatchId(19), FilesOf(19)).ok());
  EXPECT_TRUE(second->Add(BatchId(19), FilesOf(19, kStartMs + 5)).ok());
  // Nor are those of a process that spells the table's folder otherwise.
  std::vector<SinkLogEntry> mounted = FilesOf(20);
  for (SinkLogEntry& entry : mounted) entry.path.replace(0, std::string_view("file:///t").size(), "file:///mnt/t");
  const auto elsewhere = Opened();
  ASSERT_TRUE(second->Add(BatchId(20), FilesOf(20)).ok());
  EXPECT_TRUE(elsewhere->Add(BatchId(20), mounted).ok());
  ASSERT_TRUE(second->Refresh().ok());
  const auto third = Opened();
  Rewrite("21", "v1");
  EXPECT_TRUE(HasErrorClass(third->Add(BatchId(21), FilesOf(21)), "SLUICE_CONCURRENT_WRITER"));
  const auto late = Opened();
  ASSERT_TRUE(AddBatches(late.get(), 22, 29).ok());
  Rewrite("29.compact", AllLines(31));
  const Status status = late->Add(BatchId(29), FilesOf(29));
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_CONCURRENT_WRITER")) << status;
}

TEST_F(FileSinkLogTest, DeletingExpiredFilesListsNothingAndKeepsWhatReadersNeed) {
  options.batches_to_retain = 20;
  options.cleanup_delay_ms = 0;
  const auto log = Opened();
  fs->Revive();
  ASSERT_TRUE(AddBatches(log.get(), 0, 100).ok());
  for (const std::string& call : fs->log()) EXPECT_FALSE(call.starts_with("List")) << call;
  EXPECT_EQ(fs->List("/t/_spark_metadata", false).ValueOrDie().size(), log->listing().batches.size());
  // Twenty batches are kept, and the compact file before them, as by Spark.
  EXPECT_EQ(log->listing().batches.begin()->first, BatchId(79));
  EXPECT_EQ(log->listing().batches.size(), 21u);
  EXPECT_EQ(Visited(*Opened()).size(), 200u);
}

// By name and not by place: the next compact file is prepared on a thread of its own meanwhile.
struct FailingDeletes : FaultyFileSystem {
  using FaultyFileSystem::FaultyFileSystem;
  std::atomic<bool> fail{false};
  std::atomic<int> failed{0};
  Status Delete(const std::string& root, const std::vector<std::string>& paths) override {
    if (!fail) return FaultyFileSystem::Delete(root, paths);
    ++failed;
    return EnvironmentError("SLUICE_SIMULATED_FAULT", "Delete was made to fail");
  }
};

TEST_F(FileSinkLogTest, AFailedCleanUpIsNoFailureOfTheBatch) {
  options.batches_to_retain = 20;
  options.cleanup_delay_ms = 0;
  const auto deleting = std::make_shared<FailingDeletes>(MakeMemoryFileSystem());
  fs = deleting;
  const auto log = Opened();
  ASSERT_TRUE(AddBatches(log.get(), 0, 39).ok());
  const size_t before = log->listing().batches.size();
  deleting->fail = true;
  EXPECT_TRUE(log->Add(BatchId(39), FilesOf(39)).ok());
  EXPECT_GT(deleting->failed, 0);
  EXPECT_EQ(log->listing().batches.size(), before + 1);
  deleting->fail = false;
  ASSERT_TRUE(AddBatches(log.get(), 40, 50).ok());
  EXPECT_LT(log->listing().batches.size(), before);
}

// Whatever call of the batches around two compactions goes wrong, a restart has every batch once.
TEST_F(FileSinkLogTest, EveryFailedCallLeavesALogThatGoesOn) {
  int64_t cases = 0;
  for (const FaultWay way : {FaultWay::kError, FaultWay::kLostReply, FaultWay::kCrashBefore, FaultWay::kCrashAfter}) {
    for (int64_t k = 1;; ++k, ++cases) {
      fs = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
      options.compact_interval = 3;
      ASSERT_TRUE(AddBatches(Opened().get(), 0, 3).ok());
      fs->FailAt(k, way);
      {
        FileSinkLog log({fs, "/t/_spark_metadata"}, options, &clock);
        Status status = log.Refresh();
        if (status.ok()) status = log.Check();
        if (status.ok()) status = AddBatches(&log, 3, 7);
        if (!fs->fired()) {
          EXPECT_TRUE(status.ok()) << status;
        }
      }
      const bool fired = fs->fired();
      fs->Revive();
      const auto log = Opened();
      ASSERT_TRUE(log->Check().ok());
      ASSERT_TRUE(AddBatches(log.get(), log->Latest()->value + 1, 7).ok()) << "call " << k;
      EXPECT_EQ(Read("5.compact"), AllLines(6)) << "call " << k << " way " << static_cast<int>(way);
      EXPECT_EQ(Visited(*Opened()).size(), 14u);
      if (!fired) break;
      ASSERT_LT(k, 200);
    }
  }
  EXPECT_GE(cases, 48);
}

TEST_F(FileSinkLogTest, ACompactFileThatDisagreesWithItsChecksumIsNotCarriedOn) {
  const std::string folder = testing::TempDir() + "sink_log_crc";
  std::filesystem::remove_all(folder);
  const auto local = MakeLocalFileSystem();
  FileSinkLog log({local, folder}, options, &clock);
  ASSERT_TRUE(log.Refresh().ok());
  ASSERT_TRUE(AddBatches(&log, 0, 19).ok());
  std::string whole = local->ReadFile(folder + "/9.compact").ValueOrDie();
  const uint32_t crc = static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(whole.data()), whole.size()));
  std::string side("crc\0\0\1\0\0", 8);
  for (int shift = 24; shift >= 0; shift -= 8) side += static_cast<char>(crc >> shift);
  ASSERT_TRUE(local->CreateAtomic(folder + "/.9.compact.crc", side).ok());
  ASSERT_TRUE(log.Refresh().ok());
  ASSERT_TRUE(log.Add(BatchId(19), FilesOf(19)).ok());
  EXPECT_EQ(local->ReadFile(folder + "/19.compact").ValueOrDie(), AllLines(20));

  ASSERT_TRUE(local->Delete("/", {folder + "/19.compact"}).ok());
  whole[whole.find("part-7-1") + 5] = '6';
  ASSERT_TRUE(local->Delete("/", {folder + "/9.compact"}).ok());
  ASSERT_TRUE(local->CreateAtomic(folder + "/9.compact", whole).ok());
  ASSERT_TRUE(local->CreateAtomic(folder + "/.9.compact.crc", side).ok());
  ASSERT_TRUE(log.Refresh().ok());
  const Status status = log.Add(BatchId(19), FilesOf(19));
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_CHECKPOINT_DAMAGED")) << status;
  EXPECT_NE(status.message().find("9.compact"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(LogLineReader, LinesOfAnyLengthComeWhole) {
  const auto fs = MakeMemoryFileSystem();
  const std::vector<std::string> lines = {"v1", "", std::string(3 << 20, 'x'), "y", std::string((1 << 20) - 1, 'z')};
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  for (const std::string& content : {text, text.substr(0, text.size() - 1)}) {
    ASSERT_TRUE(fs->Delete("/", {"/l/0"}).ok());
    ASSERT_TRUE(fs->CreateAtomic("/l/0", content).ok());
    const auto reader = LogLineReader::Open(LogFolder({fs, "/l"}), "0").ValueOrDie();
    std::vector<std::string> read;
    for (auto line = reader->Next().ValueOrDie(); line; line = reader->Next().ValueOrDie()) read.emplace_back(*line);
    EXPECT_TRUE(read == lines);
    EXPECT_EQ(reader->position(), static_cast<int64_t>(content.size()));
  }
}

}  // namespace
}  // namespace sluice
