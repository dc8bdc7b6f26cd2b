// SPDX-License-Identifier: Apache-2.0
#include "channel/remote_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/logging.h"
#include "base/spark_error.h"
#include "channel/remote_error.h"

namespace sluice {
namespace {

std::string ClientType(const ConnectionString& connection) {
  return fmt::format("{} spark/{} os/linux sluice/{}",
                     connection.user_agent.empty() ? "_SPARK_CONNECT_SLUICE" : connection.user_agent,
                     SLUICE_SPARK_VERSION, SLUICE_VERSION);
}

}  // namespace

RemoteClient::RemoteClient(ConnectionString connection, std::unique_ptr<Transport> transport, RetryPolicy retry,
                           std::function<std::string()> new_uuid)
    : connection_(std::move(connection)),
      client_type_(ClientType(connection_)),
      transport_(std::move(transport)),
      retry_(std::move(retry)),
      new_uuid_(std::move(new_uuid)) {}

Status RemoteClient::CallBytes(const std::string& method, const std::string& request, const Reader& read) {
  int64_t waited_ms = 0;
  for (;;) {
    std::string bytes;
    const CallEnd end = transport_->Call(method, request, &bytes);
    if (end.ok()) {
      if (read(bytes)) return Status::OK();
      return EnvironmentError("SLUICE_REMOTE.FAILED",
                              fmt::format("The answer of {} to {} cannot be read.", connection_.address(), method));
    }
    if (!WaitToRetry(end, &waited_ms)) return ErrorOf(end);
  }
}

bool RemoteClient::WaitToRetry(const CallEnd& end, int64_t* waited_ms) const {
  if (!IsWorthARetry(end)) return false;
  bool answered = false;
  {
    std::lock_guard lock(mutex_);
    answered = answered_;
  }
  const int64_t patience = answered ? retry_.afterwards_ms : retry_.before_first_answer_ms;
  if (*waited_ms >= patience) return false;
  // 50, 200, 800 ms: each wait is three times all waits before it, and the first.
  constexpr int64_t kGrowth = 3;
  const int64_t wait =
      std::min({retry_.first_wait_ms + kGrowth * *waited_ms, retry_.longest_wait_ms, patience - *waited_ms});
  if (answered && *waited_ms == 0) {
    Log(LogLevel::kWarn, "The Spark Connect server {} does not answer; trying again for {} s.", connection_.address(),
        patience / 1000);
  }
  *waited_ms += wait;
  if (retry_.sleep_ms) {
    retry_.sleep_ms(wait);
  } else {
    std::this_thread::sleep_for(std::chrono::milliseconds(wait));
  }
  return true;
}

std::string RemoteClient::server_session() const {
  std::lock_guard lock(mutex_);
  return server_session_;
}

Status RemoteClient::Observe(const std::string& server_session) {
  std::lock_guard lock(mutex_);
  answered_ = true;
  if (server_session.empty()) return Status::OK();
  if (server_session_.empty()) server_session_ = server_session;
  if (server_session_ == server_session) return Status::OK();
  return UserError("INVALID_HANDLE.SESSION_CHANGED",
                   "The handle is invalid. The server has begun the session anew and lost its state: make a new "
                   "session.",
                   {{"handle", connection_.session_id}});
}

Status RemoteClient::ErrorOf(const CallEnd& end) {
  const std::string id = ErrorIdOf(end);
  if (id.empty()) return sluice::ErrorOf(end, nullptr, connection_.address());
  spark::connect::FetchErrorDetailsRequest request;
  request.set_error_id(id);
  Sign(&request);
  std::string bytes;
  spark::connect::FetchErrorDetailsResponse details;
  const bool fetched =
      transport_->Call("FetchErrorDetails", request.SerializeAsString(), &bytes).ok() && ParseNested(bytes, &details);
  return sluice::ErrorOf(end, fetched ? &details : nullptr, connection_.address());
}

}  // namespace sluice
