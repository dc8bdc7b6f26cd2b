// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "env/clock.h"
#include "streaming/progress.h"
#include "streaming/query_listener.h"
#include "streaming/query_totals.h"

namespace sluice {

struct QueryStatus {
  std::string message;
  bool data_available = false;
  bool trigger_active = false;
};

// What the outside may see of a running query. The loop writes, anyone reads. Thread-safe.
class QueryMonitor {
 public:
  // `clock` tells how long ago the loop last ended something.
  QueryMonitor(size_t recent, Clock* clock)
      : recent_limit_(recent), clock_(clock), alive_ns_(clock->MonotonicNanos()) {}

  void SetStatus(std::string message, bool data_available, bool trigger_active);
  QueryStatus status() const;

  void AddProgress(QueryProgress progress);
  std::vector<QueryProgress> recent() const;
  std::optional<QueryProgress> last() const;
  QueryTotals totals() const;
  // Since the loop last ended a batch or a look at an idle source (or was made).
  int64_t SilentMs() const;
  // It has ended one.
  bool settled() const;
  // Set before the query starts.
  void SetListener(QueryListener listener) { listener_ = std::move(listener); }

  // The loop found nothing new since the last batch.
  void NoNewData();
  // Waits until the loop found nothing new after this call, or `ended` is told, or `given_up` (may be null), which is
  // asked now and then, says so.
  void AwaitNoNewData(const std::function<bool()>& given_up = nullptr);
  void Ended();

 private:
  void Alive();

  const size_t recent_limit_;
  Clock* const clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  QueryStatus status_{"Initializing StreamExecution", false, false};
  std::deque<QueryProgress> recent_;
  QueryListener listener_;
  QueryTotals totals_;
  int64_t alive_ns_;
  bool settled_ = false;
  int64_t idle_count_ = 0;
  bool ended_ = false;
};

}  // namespace sluice
