// SPDX-License-Identifier: Apache-2.0
#include "streaming/metrics_server.h"

#include <civetweb.h>
#include <fmt/format.h>

#include "base/logging.h"
#include "base/spark_error.h"
#include "env/clock.h"
#include "streaming/metrics_page.h"

namespace sluice {
namespace {

constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";

int OnMessage(const mg_connection*, const char* message) {
  Log(LogLevel::kWarn, "The metrics server: {}", message);
  return 1;
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(const std::string& address, int64_t port,
                                                            Snapshots snapshots, const MemoryBudget* budget,
                                                            Clock* clock) {
  std::unique_ptr<MetricsServer> server(new MetricsServer(std::move(snapshots), budget, clock));
  // An IPv6 address stands in brackets.
  const bool bare_ipv6 = address.find(':') != std::string::npos && address.front() != '[';
  server->endpoint_ = fmt::format("{}{}{}:{}", bare_ipv6 ? "[" : "", address, bare_ipv6 ? "]" : "", port);
  const char* options[] = {"listening_ports", server->endpoint_.c_str(), "num_threads", "2",    "request_timeout_ms",
                           "10000",           "enable_keep_alive",       "no",          nullptr};
  struct mg_callbacks callbacks = {};
  callbacks.log_message = OnMessage;
  mg_init_library(0);
  server->context_ = mg_start(&callbacks, server.get(), options);
  if (server->context_ == nullptr) {
    return EnvironmentError("SLUICE_METRICS",
                            fmt::format("The metrics server cannot listen on {} (spark.sluice.metrics.port, "
                                        "spark.sluice.metrics.address).",
                                        server->endpoint_));
  }
  mg_set_request_handler(server->context_, "**", OnRequest, server.get());
  Log(LogLevel::kInfo, "Metrics are served on {}", server->endpoint_);
  return server;
}

MetricsServer::~MetricsServer() {
  if (context_ != nullptr) mg_stop(context_);
}

MetricsServer::Reply MetricsServer::Answer(const std::string& path) const {
  Reply reply;
  if (path == "/metrics") {
    reply.type = kMetricsType;
    reply.body = MetricsPage(snapshots_(), *budget_, clock_->NowMillis());
  } else if (path == "/health") {
    reply.body = "ok\n";
  } else if (path == "/ready") {
    std::string why;
    const bool ready = IsReady(snapshots_(), &why);
    reply.code = ready ? 200 : 503;
    reply.body = ready ? "ready\n" : why + "\n";
  } else {
    reply.code = 404;
    reply.body = "There are /metrics, /health and /ready.\n";
  }
  return reply;
}

int MetricsServer::OnRequest(mg_connection* connection, void* self) {
  const struct mg_request_info* request = mg_get_request_info(connection);
  Reply reply;
  const std::string method = request->request_method;
  if (method == "GET" || method == "HEAD") {
    reply = static_cast<MetricsServer*>(self)->Answer(request->local_uri);
  } else {
    reply.code = 405;
    reply.body = "GET only.\n";
  }
  mg_printf(connection,
            "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
            "Connection: close\r\n\r\n",
            reply.code, mg_get_response_code_text(connection, reply.code), reply.type.c_str(), reply.body.size());
  if (method != "HEAD") mg_write(connection, reply.body.data(), reply.body.size());
  return reply.code;
}

}  // namespace sluice
