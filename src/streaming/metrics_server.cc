// SPDX-License-Identifier: Apache-2.0
#include "streaming/metrics_server.h"

#include <fmt/format.h>

#include "base/logging.h"
#include "base/spark_error.h"
#include "env/clock.h"
#include "streaming/metrics_page.h"

namespace sluice {
namespace {

constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(const Place& place, Snapshots snapshots,
                                                            const MemoryBudget* budget, Clock* clock) {
  std::unique_ptr<MetricsServer> server(new MetricsServer(std::move(snapshots), budget, clock));
  auto listener = HttpListener::Start(place.address, place.port, place.hosts,
                                      [self = server.get()](std::string_view path) { return self->Answer(path); });
  if (!listener.ok()) {
    return EnvironmentError("SLUICE_METRICS",
                            fmt::format("The metrics server cannot listen (spark.sluice.metrics.port, "
                                        "spark.sluice.metrics.address): {}",
                                        listener.status().message()));
  }
  server->listener_ = *std::move(listener);
  Log(LogLevel::kInfo, "Metrics are served on {}, port {}", place.address, server->listener_->port());
  return server;
}

HttpAnswer MetricsServer::Answer(std::string_view path) const {
  HttpAnswer answer;
  if (path == "/metrics") {
    answer.type = kMetricsType;
    answer.body = MetricsPage(snapshots_(), *budget_, clock_->NowMillis());
  } else if (path == "/health") {
    answer.body = "ok\n";
  } else if (path == "/ready") {
    std::string why;
    const bool ready = IsReady(snapshots_(), &why);
    answer.code = ready ? 200 : 503;
    answer.body = ready ? "ready\n" : why + "\n";
  } else {
    answer.code = 404;
    answer.body = "There are /metrics, /health and /ready.\n";
  }
  return answer;
}

}  // namespace sluice
