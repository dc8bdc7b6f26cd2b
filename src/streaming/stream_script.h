// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/memory_budget.h"
#include "base/thread_pool.h"
#include "connectors/registry.h"
#include "env/env.h"
#include "streaming/query_manager.h"

namespace sluice {

// A query over rate-micro-batch on a manual clock and files in memory, for tests that read as scripts:
// Start, Advance, Stop, look at the files.
class StreamScript {
 public:
  static constexpr int64_t kStartMs = 1'700'000'000'000;
  static constexpr int kRowsPerBatch = 10;

  explicit StreamScript(std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem(),
                        std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(kStartMs))
      : clock_(std::move(clock)), fs_(std::move(fs)), env_(MakeTestEnv(clock_, fs_)) {}

  QuerySpec Spec(QueryTrigger trigger = QueryTrigger{TriggerKind::kProcessingTime, 1000},
                 int rows_per_batch = kRowsPerBatch) const {
    ScanSpec source;
    source.format = "rate-micro-batch";
    source.options = {{"rowsPerBatch", std::to_string(rows_per_batch)}, {"numPartitions", "2"}};
    source.streaming = true;
    source.columns = {0, 1};
    SourceContext context;
    context.env = env_;
    context.options = Options(source.options);
    const auto schema = FindConnector("rate-micro-batch").ValueOrDie()->schema(context, true).ValueOrDie();
    QuerySpec spec;
    spec.plan = MakeNode(plan::Scan{std::move(source)}, {}, schema);
    spec.sink_format = "parquet";
    spec.sink_path = "/table";
    spec.checkpoint = "/checkpoint";
    spec.trigger = trigger;
    return spec;
  }

  Result<std::shared_ptr<RunningQuery>> Start(QuerySpec spec, std::function<void(const QueryProgress&)> listener = {}) {
    QueryListener told;
    told.progress = std::move(listener);
    return manager_.Start(std::move(spec), std::move(told));
  }

  // Starts a query that must start, and waits until it waits for its next trigger.
  std::shared_ptr<RunningQuery> StartAndSettle(QuerySpec spec) {
    auto query = Start(std::move(spec));
    EXPECT_TRUE(query.ok()) << query.status().ToString();
    Settle(**query);
    return *query;
  }

  void Advance(RunningQuery& query, int64_t ms) {
    const int64_t before = query.last_progress() ? query.last_progress()->batch_id : -1;
    clock_->Advance(ms);
    while (query.IsActive() && (!query.last_progress() || query.last_progress()->batch_id == before))
      std::this_thread::yield();
    Settle(query);
  }

  // Names of the files of a folder, without the folder.
  std::vector<std::string> Names(const std::string& folder) const {
    std::vector<std::string> names;
    for (const FileInfo& file : fs_->List(folder, false).ValueOrDie()) {
      if (!file.is_folder) names.push_back(file.path.substr(folder.size() + 1));
    }
    return names;
  }
  std::string Read(const std::string& path) const { return fs_->ReadFile(path).ValueOrDie(); }
  void Delete(const std::string& path) { ASSERT_TRUE(fs_->Delete("/", {path}).ok()); }
  // Between two runs of a query.
  void PassTime(int64_t ms) { clock_->Advance(ms); }
  const MemoryBudget& budget() const { return budget_; }
  FileSystem& fs() { return *fs_; }
  const std::shared_ptr<FileSystem>& shared_fs() const { return fs_; }
  QueryManager& manager() { return manager_; }
  QueryDirectory& directory() { return directory_; }
  const std::shared_ptr<Env>& env() const { return env_; }

 private:
  void Settle(RunningQuery& query) {
    while (query.IsActive() && clock_->waiters() == 0) std::this_thread::yield();
  }

  std::shared_ptr<ManualClock> clock_;
  std::shared_ptr<FileSystem> fs_;
  std::shared_ptr<Env> env_;
  MemoryBudget budget_{128 << 20};
  ThreadPool tasks_{2};
  QueryDirectory directory_;
  QueryManager manager_{"session", QueryResources{env_, &budget_, &tasks_}, &directory_};
};

}  // namespace sluice
