// SPDX-License-Identifier: Apache-2.0
// The sink log at its exact boundaries: a file's age, the batch that is still kept, and what is another file.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "checkpoint/file_sink_log.h"
#include "env/set_back_clock.h"

namespace sluice {
namespace {

constexpr int64_t kStartMs = 1'700'000'000'000;

SinkLogEntry FileOf(int64_t batch, int64_t modified_ms) {
  SinkLogEntry entry;
  entry.path = fmt::format("file:///t/part-{}", batch);
  entry.size = 100 + batch;
  entry.modified_ms = modified_ms;
  return entry;
}

class SinkLogBoundary : public ::testing::Test {
 protected:
  std::unique_ptr<FileSinkLog> Opened() {
    auto log = std::make_unique<FileSinkLog>(Location{fs, "/t/_spark_metadata"}, options, &clock);
    EXPECT_TRUE(log->Refresh().ok());
    return log;
  }
  void Add(FileSinkLog* log, int64_t batch) {
    ASSERT_TRUE(log->Add(BatchId(batch), {FileOf(batch, clock.NowMillis())}).ok()) << batch;
  }
  int64_t Files() { return static_cast<int64_t>(fs->List("/t/_spark_metadata", false).ValueOrDie().size()); }

  SetBackClock clock{kStartMs};
  std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem();
  FileSinkLogOptions options;
};

TEST_F(SinkLogBoundary, EntriesGoWhenTheyAreJustAsOldAsTheDelay) {
  options.compact_interval = 2;
  options.batches_to_retain = 1;
  options.cleanup_delay_ms = 10'000;
  for (const auto& [age, left] : std::map<int64_t, int64_t>{{9'999, 6}, {10'000, 1}, {10'001, 1}}) {
    fs = MakeMemoryFileSystem();
    const auto log = Opened();
    for (int64_t batch = 0; batch < 5; ++batch) Add(log.get(), batch);
    clock.Advance(age);
    Add(log.get(), 5);
    EXPECT_EQ(Files(), left) << age;
  }
}

TEST_F(SinkLogBoundary, AClockThatIsSetBackDeletesNothingEarly) {
  options.compact_interval = 2;
  options.batches_to_retain = 1;
  options.cleanup_delay_ms = 10'000;
  const auto log = Opened();
  for (int64_t batch = 0; batch < 5; ++batch) Add(log.get(), batch);
  clock.SetBack(3'600'000);
  Add(log.get(), 5);
  EXPECT_EQ(Files(), 6);
}

TEST_F(SinkLogBoundary, LinesLeaveWhenTheyAreOlderThanTheRetention) {
  options.compact_interval = 2;
  options.retention_ms = 10'000;
  for (const auto& [age, kept] : std::map<int64_t, size_t>{{9'999, 2}, {10'000, 2}, {10'001, 1}}) {
    fs = MakeMemoryFileSystem();
    const auto log = Opened();
    Add(log.get(), 0);
    clock.Advance(age);
    Add(log.get(), 1);
    EXPECT_EQ(log->ReadBatch(BatchId(1)).ValueOrDie().size(), kept) << age;
  }
}

// A file is the same by name, size, kind and action; a writer that meets another one has lost a race.
TEST_F(SinkLogBoundary, AnEntryOfAnotherSizeOrActionIsARace) {
  const SinkLogEntry ours = FileOf(0, kStartMs);
  const struct {
    const char* what;
    void (*change)(SinkLogEntry* entry);
  } changes[] = {
      {"size", [](SinkLogEntry* entry) { ++entry->size; }},
      {"action", [](SinkLogEntry* entry) { entry->action = "delete"; }},
      {"kind", [](SinkLogEntry* entry) { entry->is_folder = true; }},
      {"name", [](SinkLogEntry* entry) { entry->path += "x"; }},
  };
  for (const auto& [what, change] : changes) {
    for (const bool compact : {false, true}) {
      SCOPED_TRACE(fmt::format("{} {}", what, compact));
      options.compact_interval = compact ? 1 : 10;
      SinkLogEntry theirs = ours;
      change(&theirs);
      // What a log says of its entry for batch 0 when it was opened before another writer made theirs.
      const auto added = [&](const std::vector<SinkLogEntry>& entries) {
        fs = MakeMemoryFileSystem();
        const auto late = Opened();
        const std::string name = compact ? "/t/_spark_metadata/0.compact" : "/t/_spark_metadata/0";
        EXPECT_TRUE(fs->CreateAtomic(name, FormatSinkLogEntries({theirs})).ok());
        return late->Add(BatchId(0), entries);
      };
      EXPECT_TRUE(HasErrorClass(added({ours}), "SLUICE_CONCURRENT_WRITER"));
      // The same one is no race, and one more or fewer is. (A compaction leaves out what it deletes.)
      if (!compact || !theirs.deletes()) {
        EXPECT_TRUE(added({theirs}).ok());
      }
      EXPECT_TRUE(HasErrorClass(added({theirs, FileOf(1, kStartMs)}), "SLUICE_CONCURRENT_WRITER"));
      EXPECT_TRUE(HasErrorClass(added({}), "SLUICE_CONCURRENT_WRITER"));
    }
  }
}

}  // namespace
}  // namespace sluice
