// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "connectors/sink.h"
#include "connectors/source.h"
#include "streaming/bad_record_folder.h"
#include "streaming/batch_runner.h"
#include "streaming/query_monitor.h"
#include "streaming/query_spec.h"

namespace sluice {

class MemoryBudget;
class ThreadPool;

// What queries of one process share. Not owned.
struct QueryResources {
  std::shared_ptr<Env> env;
  MemoryBudget* budget = nullptr;
  ThreadPool* tasks = nullptr;
};

// The micro-batch protocol of Spark, step by step and in its order:
//   1. read or create the checkpoint's `metadata`; find the batch to run (Checkpoint::Recover)
//   2. ask the source for the end of the next batch; write offsets/N, if absent
//   3. a batch that the sink has committed already is not run again
//   4. run the tasks, let the sink commit, write commits/N, tell the source, purge old entries
// A batch planned before a restart runs with exactly its recorded range and settings. All I/O of a query is here and in
// what this calls; the decisions are in Checkpoint::Recover and the sink. Run() is called once, by the query's thread;
// the other methods by any thread.
class MicroBatchLoop {
 public:
  MicroBatchLoop(QuerySpec spec, std::string run_id, QueryResources resources, QueryMonitor* monitor);
  ~MicroBatchLoop();

  // Opens everything; afterwards id() is set. Errors here refuse the start.
  Status Open();
  // Runs batches until the trigger has no more, a stop is asked for, or something fails.
  Status Run();
  // By the thread that called Run, after it: what a source and a sink hold (connections, prefetched records, their
  // share of the memory budget) goes, though the ended query may live on.
  void Close();

  // The batch that runs is finished first.
  void RequestStop();
  // The batch that runs is given up: Run() returns OK soon, and gave_up() is true. A restart runs the batch again.
  void GiveUpBatch();
  bool gave_up() const { return gave_up_; }

  const std::string& id() const { return id_; }

 private:
  struct Planned {
    BatchId batch;
    OffsetEntry entry;
    std::string start;  // the source's JSON, inclusive
    bool recovered = false;
  };

  Status RecallAttempts();
  Status OpenSource(const Conf& conf);
  Status OpenSink(const Conf& conf, bool recovered);
  Result<bool> RunTrigger();
  Result<bool> PlanNextBatch();
  Status WithEntry(const Status& status, BatchId batch) const;
  Status ExecutePlanned();
  Status WritePlanned(const std::string& start, const std::string& end, std::optional<BatchId> replay_through);
  Result<BatchOutcome> RunBatch(const Planned& planned, const std::string& start);
  Status FinishBatch(const Planned& planned, const BatchOutcome& outcome);
  void Report(const Planned& planned, const BatchOutcome& outcome);
  // micro_batch_bad_records.cc:
  Status OpenBadRecords();
  Status SettleBadRecords();
  Result<std::shared_ptr<BadRecordFolder>> BadRecordsOf(const Planned& planned) const;
  Result<std::shared_ptr<StreamSource>> SourceOf(const Planned& planned, const BadRecordFolder* folder) const;
  std::set<std::string> OtherBadRecordFolders(const BadRecordFolder* current) const;
  Status CommitListedBadRecords(const Planned& planned) const;
  Status RemoveEarlierAttempt(const Planned& planned, const BadRecordFolder* current) const;
  Status MarkReplayed(const Planned& planned) const;
  Status RunReplay();
  Result<bool> PlanReplay();
  Status ExecuteAlone();
  void GiveMemoryBack(bool ran);
  void WaitForNextTrigger(bool ran, int64_t trigger_start_ms);
  int64_t Timed(const char* phase, int64_t start_nanos);

  const QuerySpec spec_;
  const std::string run_id_;
  const QueryResources resources_;
  QueryMonitor* const monitor_;
  const std::string writer_nonce_;
  std::string setup_;  // checksum of what this query was started with

  std::string id_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::shared_ptr<StreamSource> source_;
  std::unique_ptr<StreamSink> sink_;
  std::unique_ptr<BatchRunner> runner_;
  std::shared_ptr<BadRecordFolder> bad_records_;  // null: a record that cannot be evaluated fails the query

  BatchId next_;
  std::optional<std::string> committed_end_;  // where the next batch starts; none: ask the source
  std::optional<EntryConf> previous_conf_;
  std::optional<Planned> planned_;
  bool begun_otherwise_ = false;                  // planned_, before the restart, under another setup
  std::vector<std::string> earlier_bad_records_;  // where its attempts before the restart set records aside; or ""
  std::optional<std::string> latest_offset_;
  std::map<std::string, std::string> source_metrics_;

  std::map<std::string, int64_t> durations_ms_;
  int64_t trigger_start_ms_ = 0;
  int64_t previous_trigger_start_ms_ = -1;
  int idle_rounds_ = 0;
  std::optional<int64_t> busy_until_;  // when the last batch was done, in monotonic nanoseconds
  bool memory_given_back_ = false;     // since then
  std::atomic<bool> stop_{false};
  std::atomic<bool> gave_up_{false};
};

}  // namespace sluice
