// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "streaming/query_snapshot.h"

struct mg_connection;
struct mg_context;

namespace sluice {

class Clock;
class MemoryBudget;

// Answers GET /metrics (Prometheus' text), /health (200 while the process lives) and /ready (200 or 503; see IsReady)
// on one port, from threads of its own. There is no TLS and no login: it binds to loopback unless told otherwise.
class MetricsServer {
 public:
  using Snapshots = std::function<std::vector<QuerySnapshot>()>;

  // SLUICE_METRICS when the port cannot be bound. `snapshots` is called by the server's threads; it, the budget and the
  // clock must outlive the server.
  static Result<std::unique_ptr<MetricsServer>> Start(const std::string& address, int64_t port, Snapshots snapshots,
                                                      const MemoryBudget* budget, Clock* clock);
  ~MetricsServer();

  const std::string& endpoint() const { return endpoint_; }  // "127.0.0.1:9400"

 private:
  struct Reply {
    int code = 200;
    std::string type = "text/plain; charset=utf-8";
    std::string body;
  };
  MetricsServer(Snapshots snapshots, const MemoryBudget* budget, Clock* clock)
      : snapshots_(std::move(snapshots)), budget_(budget), clock_(clock) {}
  Reply Answer(const std::string& path) const;
  static int OnRequest(mg_connection* connection, void* self);

  const Snapshots snapshots_;
  const MemoryBudget* const budget_;
  Clock* const clock_;
  std::string endpoint_;
  mg_context* context_ = nullptr;
};

}  // namespace sluice
