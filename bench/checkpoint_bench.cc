// SPDX-License-Identifier: Apache-2.0
// What the logs cost a batch: an entry of a log on disk beside the fsyncs it needs, an entry of the sink log with its
// share of compaction, in memory (the work alone) and on disk.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/file_sink_log.h"
#include "checkpoint/log_folder.h"
#include "env/file_system.h"

namespace sluice {
namespace {

void Check(const Status& status) {
  if (!status.ok()) status.Abort();
}

// A folder of this disk that goes when the benchmark ends.
class WorkFolder {
 public:
  WorkFolder() : path_(std::filesystem::temp_directory_path() / fmt::format("sluice-bench-{}", ::getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~WorkFolder() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// The yardstick: a file of 600 bytes and its folder made durable, by nothing but the calls that it takes.
void BM_BareFsyncs(benchmark::State& state) {
  const WorkFolder folder;
  const std::string content(600, 'x');
  int64_t batch = 0;
  for (auto _ : state) {
    const std::string path = fmt::format("{}/{}", folder.path(), batch++);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (::write(file, content.data(), content.size()) < 0 || ::fdatasync(file) != 0)
      state.SkipWithError("cannot write");
    ::close(file);
    const int parent = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY);
    ::fsync(parent);
    ::close(parent);
  }
}
BENCHMARK(BM_BareFsyncs)->Unit(benchmark::kMicrosecond)->UseRealTime();

void BM_LogEntry(benchmark::State& state) {
  const WorkFolder folder;
  const LogFolder log({MakeLocalFileSystem(), folder.path()});
  const std::string content(600, 'x');
  int64_t batch = 0;
  for (auto _ : state) Check(log.Create(std::to_string(batch++), content));
}
BENCHMARK(BM_LogEntry)->Unit(benchmark::kMicrosecond)->UseRealTime();

std::vector<SinkLogEntry> TwoFiles(int64_t batch) {
  std::vector<SinkLogEntry> entries(2);
  for (int64_t i = 0; i < 2; ++i) {
    SinkLogEntry& entry = entries[static_cast<size_t>(i)];
    entry.path = fmt::format(
        "file:///lake/bronze/reviews/part-{:05}-e89d9edb-0000-8000-83b0-{:012x}-c000.snappy.parquet", i, batch);
    entry.size = 801 + batch;
    entry.modified_ms = 1'700'000'000'000 + batch;
  }
  return entries;
}

// Batches in a row on a log that begins with `range(0)` files; compactions included.
void AddBatches(benchmark::State& state, std::shared_ptr<FileSystem> files, const std::string& path) {
  FileSinkLog log({std::move(files), path}, {}, &SystemClock());
  Check(log.Refresh());
  std::vector<SinkLogEntry> first;
  for (int64_t i = 0; i < state.range(0) / 2; ++i) {
    for (SinkLogEntry& entry : TwoFiles(i)) first.push_back(std::move(entry));
  }
  int64_t batch = 0;
  Check(log.Add(BatchId(batch++), first));
  while (batch < 10) {
    Check(log.Add(BatchId(batch), TwoFiles(batch)));
    ++batch;
  }
  for (auto _ : state) {
    Check(log.Add(BatchId(batch), TwoFiles(batch)));
    ++batch;
  }
}

void BM_SinkLogInMemory(benchmark::State& state) {
  AddBatches(state, MakeMemoryFileSystem(), "/table/_spark_metadata");
}
void BM_SinkLogOnDisk(benchmark::State& state) {
  const WorkFolder folder;
  AddBatches(state, MakeLocalFileSystem(), folder.path());
}
BENCHMARK(BM_SinkLogInMemory)->Arg(0)->Arg(10000)->Arg(100000)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(BM_SinkLogOnDisk)->Arg(0)->Arg(10000)->Arg(100000)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace sluice

BENCHMARK_MAIN();
