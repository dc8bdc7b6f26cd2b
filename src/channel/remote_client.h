// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "channel/connection_string.h"
#include "channel/retry_policy.h"
#include "channel/transport.h"
#include "service/plan_bytes.h"

namespace sluice {

// What all calls of one session of a server share: who asks, which server answers, and how long they are patient.
// Thread-safe.
class RemoteClient {
 public:
  // `connection` has a session id.
  RemoteClient(ConnectionString connection, std::unique_ptr<Transport> transport, RetryPolicy retry,
               std::function<std::string()> new_uuid);

  // Writes into a request who asks.
  template <typename Request>
  void Sign(Request* request) const {
    request->set_session_id(connection_.session_id);
    if (!connection_.user_id.empty()) request->mutable_user_context()->set_user_id(connection_.user_id);
    request->set_client_type(client_type_);
    if constexpr (requires { request->set_client_observed_server_side_session_id(std::string()); }) {
      if (const std::string server = server_session(); !server.empty()) {
        request->set_client_observed_server_side_session_id(server);
      }
    }
  }

  // One call with one answer, tried again where that may help.
  template <typename Response, typename Request>
  Result<Response> Call(const std::string& method, Request request) {
    Sign(&request);
    Response response;
    SLUICE_RETURN_IF_ERROR(CallBytes(method, request.SerializeAsString(),
                                     [&](const std::string& bytes) { return ParseNested(bytes, &response); }));
    SLUICE_RETURN_IF_ERROR(Observe(response.server_side_session_id()));
    return response;
  }

  // A call whose answer nobody needs; an error of it is no error of anybody's.
  template <typename Request>
  void Notify(const std::string& method, Request request) {
    Sign(&request);
    std::string ignored;
    (void)transport_->Call(method, request.SerializeAsString(), &ignored);
  }

  // A server that forgot the session in between has another one under the same id: SESSION_CHANGED.
  Status Observe(const std::string& server_session);
  // The error of a call, with what the server kept of it.
  Status ErrorOf(const CallEnd& end);

  std::unique_ptr<ResponseStream> Stream(const std::string& method, const std::string& request) {
    return transport_->Stream(method, request);
  }
  // Waits before the next try of a call that ended so; false: it is not to be tried again. `waited_ms` adds up.
  bool WaitToRetry(const CallEnd& end, int64_t* waited_ms) const;
  std::string NewUuid() const { return new_uuid_(); }

 private:
  using Reader = std::function<bool(const std::string& bytes)>;
  Status CallBytes(const std::string& method, const std::string& request, const Reader& read);
  std::string server_session() const;

  const ConnectionString connection_;
  const std::string client_type_;
  const std::unique_ptr<Transport> transport_;
  const RetryPolicy retry_;
  const std::function<std::string()> new_uuid_;
  mutable std::mutex mutex_;
  std::string server_session_;
  bool answered_ = false;
};

}  // namespace sluice
