// SPDX-License-Identifier: Apache-2.0
#include "streaming/running_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log_context.h"
#include "base/logging.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

// After a batch is given up, its tasks have this long to notice.
constexpr int64_t kGiveUpMs = 5'000;
// A query without a batch has this long to notice a stop, and again to end.
constexpr int64_t kNoBatchMs = 1'000;
// How often a stop looks whether there is a hurry.
constexpr int64_t kLookMs = 50;

// The query's failure as its callers see it: the cause keeps its class, the words say which query it was.
Status Failed(const Status& cause, const std::string& id, const std::string& run_id, LogLevel level) {
  if (cause.ok()) return cause;
  Log(level, "Query {} (run {}) failed: {}", id, run_id, cause.message());
  return FindSparkError(cause) != nullptr ? cause : InternalError(cause.ToString());
}

}  // namespace

RunningQuery::RunningQuery(QuerySpec spec, QueryResources resources, std::string run_id)
    : name_(spec.name),
      run_id_(run_id),
      checkpoint_(spec.checkpoint),
      failures_are_told_(resources.failures_are_told),
      shutdown_timeout_ms_(spec.conf.GetDurationMs("spark.sluice.shutdownTimeout")),
      stuck_after_ms_(spec.conf.GetDurationMs("spark.sluice.metrics.stuckAfter") + spec.trigger.interval_ms),
      monitor_(
          static_cast<size_t>(std::max<int64_t>(spec.conf.GetInt("spark.sql.streaming.numRecentProgressUpdates"), 1)),
          &resources.env->clock()),
      loop_(std::move(spec), std::move(run_id), std::move(resources), &monitor_) {}

RunningQuery::~RunningQuery() {
  loop_.GiveUpBatch();
  if (thread_.joinable()) thread_.join();
}

Result<std::shared_ptr<RunningQuery>> RunningQuery::Start(QuerySpec spec, QueryResources resources,
                                                          QueryListener listener,
                                                          std::function<void(const Status& result)> ended) {
  std::string run_id = resources.env->NewUuid();
  std::shared_ptr<RunningQuery> query(new RunningQuery(std::move(spec), std::move(resources), std::move(run_id)));
  query->monitor_.SetListener(std::move(listener));
  {
    const ScopedLogContext about({"", query->run_id_, std::nullopt});
    SLUICE_RETURN_IF_ERROR(query->loop_.Open());
  }
  query->thread_ = std::thread([raw = query.get(), ended = std::move(ended)] { raw->Main(ended); });
  return query;
}

void RunningQuery::Main(const std::function<void(const Status& result)>& ended) {
  const ScopedLogContext about({loop_.id(), run_id_, std::nullopt});
  const Status result =
      Failed(loop_.Run(), loop_.id(), run_id_, failures_are_told_ ? LogLevel::kInfo : LogLevel::kError);
  loop_.Close();
  monitor_.SetStatus(result.ok() ? "Stopped" : "Terminated with exception: " + result.message(), false, false);
  monitor_.Ended();
  {
    std::lock_guard lock(mutex_);
    result_ = result;
    ended_ = true;
    // Under the lock: whoever waits may destroy the query as soon as it sees the end.
    ended_changed_.notify_all();
  }
  if (ended) ended(result);
}

bool RunningQuery::IsActive() const {
  std::lock_guard lock(mutex_);
  return !ended_;
}

bool RunningQuery::WaitEnd(std::optional<int64_t> timeout_ms) {
  std::unique_lock lock(mutex_);
  const auto ended = [this] { return ended_; };
  if (timeout_ms) return ended_changed_.wait_for(lock, std::chrono::milliseconds(*timeout_ms), ended);
  ended_changed_.wait(lock, ended);
  return true;
}

Result<bool> RunningQuery::AwaitTermination(std::optional<int64_t> timeout_ms) {
  if (!WaitEnd(timeout_ms)) return false;
  std::lock_guard lock(mutex_);
  SLUICE_RETURN_IF_ERROR(result_);
  return true;
}

void RunningQuery::RequestStop() {
  {
    std::lock_guard lock(mutex_);
    if (!stop_asked_) stop_asked_ = std::chrono::steady_clock::now();
  }
  loop_.RequestStop();
}

bool RunningQuery::BatchRuns() const {
  const QueryStatus status = monitor_.status();
  return status.trigger_active && status.data_available;
}

Status RunningQuery::Stop(const std::function<bool()>& in_a_hurry) {
  RequestStop();
  for (;;) {
    const bool batch = BatchRuns();
    const auto deadline = *stop_asked_ + std::chrono::milliseconds(batch ? shutdown_timeout_ms_ : kNoBatchMs);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (WaitEnd(std::clamp<int64_t>(left, 0, kLookMs))) break;
    const bool hurry = in_a_hurry != nullptr && in_a_hurry();
    if (!hurry && left > kLookMs) continue;
    gave_up_batch_ = batch;
    if (batch) {
      Log(LogLevel::kWarn, "Query {}: the batch {} and is given up; a restart runs it again", id(),
          hurry ? "need not finish" : fmt::format("did not finish within {} ms", shutdown_timeout_ms_));
    }
    loop_.GiveUpBatch();
    // A call to a server that does not answer cannot be broken off; whoever stops the process need not wait for it.
    WaitEnd(batch ? kGiveUpMs : kNoBatchMs);
    break;
  }
  return Status::OK();
}

Status RunningQuery::ProcessAllAvailable(const std::function<bool()>& given_up) {
  monitor_.AwaitNoNewData(given_up);
  std::lock_guard lock(mutex_);
  return ended_ ? result_ : Status::OK();
}

QuerySnapshot RunningQuery::snapshot() const {
  QuerySnapshot snapshot{id(), name_, QueryHealth::kStarting, monitor_.totals(), monitor_.last()};
  if (!IsActive()) {
    snapshot.state = exception() ? QueryHealth::kFailed : QueryHealth::kStopped;
  } else if (monitor_.SilentMs() > stuck_after_ms_) {
    snapshot.state = QueryHealth::kStuck;
  } else if (monitor_.settled()) {
    snapshot.state = QueryHealth::kRunning;
  }
  return snapshot;
}

std::optional<Status> RunningQuery::exception() const {
  std::lock_guard lock(mutex_);
  if (!ended_ || result_.ok()) return std::nullopt;
  return result_;
}

std::string WhereItStopped(const RunningQuery& query) {
  if (query.gave_up()) return "the running batch was given up; a restart runs it again";
  const auto last = query.last_progress();
  if (!last) return "stopped; no batch was run";
  return fmt::format("stopped after batch {}; a restart goes on with {}", last->batch_id, last->batch_id + 1);
}

}  // namespace sluice
