// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "streaming/http_listener.h"
#include "streaming/query_snapshot.h"

namespace sluice {

class Clock;
class MemoryBudget;

// Answers GET /metrics (Prometheus' text), /health (200 while the process lives) and /ready (200 or 503; see IsReady)
// on one port, from a thread of its own. There is no TLS and no login: it binds to loopback unless told otherwise.
class MetricsServer {
 public:
  using Snapshots = std::function<std::vector<QuerySnapshot>()>;
  struct Place {
    std::string address;
    int64_t port = 0;
    std::vector<std::string> hosts;  // names besides the usual ones that requests may be for; see HttpListener
  };

  // SLUICE_METRICS when the port cannot be bound. `snapshots` is called by the server's thread; it, the budget and the
  // clock must outlive the server.
  static Result<std::unique_ptr<MetricsServer>> Start(const Place& place, Snapshots snapshots,
                                                      const MemoryBudget* budget, Clock* clock);

 private:
  MetricsServer(Snapshots snapshots, const MemoryBudget* budget, Clock* clock)
      : snapshots_(std::move(snapshots)), budget_(budget), clock_(clock) {}
  HttpAnswer Answer(std::string_view path) const;

  const Snapshots snapshots_;
  const MemoryBudget* const budget_;
  Clock* const clock_;
  std::unique_ptr<HttpListener> listener_;
};

}  // namespace sluice
