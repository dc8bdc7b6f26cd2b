// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/status.h"
#include "streaming/micro_batch_loop.h"
#include "streaming/query_monitor.h"
#include "streaming/query_snapshot.h"
#include "streaming/query_spec.h"

namespace sluice {

// A running query: the loop on a thread of its own. Thread-safe. The destructor gives up the batch that runs and joins.
class RunningQuery {
 public:
  // Opens checkpoint, source and sink (errors refuse the start), then starts the thread. `listener` may be null; it is
  // called on the query's thread after each batch. `ended` is called once at the end, on
  // the query's thread, with the error that ended it.
  static Result<std::shared_ptr<RunningQuery>> Start(QuerySpec spec, QueryResources resources, QueryListener listener,
                                                     std::function<void(const Status& result)> ended);
  ~RunningQuery();

  const std::string& id() const { return loop_.id(); }  // of the checkpoint: the same after a restart
  const std::string& run_id() const { return run_id_; }
  const std::string& name() const { return name_; }
  const std::string& checkpoint() const { return checkpoint_; }

  bool IsActive() const;
  // Waits for the end; without a timeout for ever. False: still running. An error: the query failed with it.
  Result<bool> AwaitTermination(std::optional<int64_t> timeout_ms);
  // Asks for the end without waiting; the batch that runs is finished first.
  void RequestStop();
  // Lets the batch that runs finish within spark.sluice.shutdownTimeout of the first request, gives it up after that or
  // as soon as `in_a_hurry` (may be null) says so, and waits for the end, which a server that does not answer can put
  // off: IsActive() tells. A query that only looks for new data is not waited for.
  Status Stop(const std::function<bool()>& in_a_hurry = nullptr);
  // A batch that was planned did not finish; a restart runs it again.
  bool gave_up() const { return gave_up_batch_ && loop_.gave_up(); }
  // It waits for its next trigger or for data.
  bool idle() const { return !monitor_.status().trigger_active; }
  // Waits until everything that is there now has been processed, or `given_up` (may be null) says that nobody wants to
  // know any more.
  Status ProcessAllAvailable(const std::function<bool()>& given_up = nullptr);
  // The error that ended the query, if one did.
  std::optional<Status> exception() const;

  QueryStatus status() const { return monitor_.status(); }
  std::vector<QueryProgress> recent_progress() const { return monitor_.recent(); }
  std::optional<QueryProgress> last_progress() const { return monitor_.last(); }
  QuerySnapshot snapshot() const;

 private:
  RunningQuery(QuerySpec spec, QueryResources resources, std::string run_id);
  void Main(const std::function<void(const Status& result)>& ended);
  bool WaitEnd(std::optional<int64_t> timeout_ms);
  bool BatchRuns() const;

  const std::string name_;
  const std::string run_id_;
  const std::string checkpoint_;
  const bool failures_are_told_;
  const int64_t shutdown_timeout_ms_;
  const int64_t stuck_after_ms_;
  QueryMonitor monitor_;
  MicroBatchLoop loop_;

  std::atomic<bool> gave_up_batch_{false};
  mutable std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;
  std::optional<std::chrono::steady_clock::time_point> stop_asked_;
  Status result_;
  std::thread thread_;
};

// What to say of a query that was stopped: "stopped after batch 9; a restart goes on with 10".
std::string WhereItStopped(const RunningQuery& query);

}  // namespace sluice
