// SPDX-License-Identifier: Apache-2.0
#include "service/connect_service.h"

#include "base/spark_error.h"
#include "exec/operator.h"
#include "service/handlers.h"
#include "session/session.h"

namespace sluice {

ConnectService::~ConnectService() = default;

Result<std::shared_ptr<Session>> ConnectService::SessionOf(const std::string& session_id) {
  if (session_id.empty()) return UserError("INVALID_HANDLE.FORMAT", "A request names no session.");
  std::lock_guard lock(mutex_);
  std::shared_ptr<Session>& session = sessions_[session_id];
  if (session == nullptr) session = std::make_shared<Session>(process_, session_id);
  return session;
}

Result<Execution> ConnectService::ExecutePlan(const spark::connect::ExecutePlanRequest& request) {
  SLUICE_ASSIGN(const std::shared_ptr<Session> session, SessionOf(request.session_id()));
  switch (request.plan().op_type_case()) {
    case spark::connect::Plan::kRoot:
      return service::ExecuteRelation(session, request.plan().root());
    case spark::connect::Plan::kCommand: {
      Execution execution;
      execution.session = session;
      SLUICE_ASSIGN(execution.messages, service::ExecuteCommand(session.get(), request.plan().command()));
      return execution;
    }
    default:
      return NotSupported("Only uncompressed plans with a relation or a command are supported.");
  }
}

Result<spark::connect::AnalyzePlanResponse> ConnectService::AnalyzePlan(
    const spark::connect::AnalyzePlanRequest& request) {
  SLUICE_ASSIGN(const std::shared_ptr<Session> session, SessionOf(request.session_id()));
  return service::AnalyzePlan(session.get(), request);
}

Result<spark::connect::ConfigResponse> ConnectService::Config(const spark::connect::ConfigRequest& request) {
  SLUICE_ASSIGN(const std::shared_ptr<Session> session, SessionOf(request.session_id()));
  return service::Config(session.get(), request);
}

Result<spark::connect::ReleaseSessionResponse> ConnectService::ReleaseSession(
    const spark::connect::ReleaseSessionRequest& request) {
  std::shared_ptr<Session> session;
  {
    std::lock_guard lock(mutex_);
    const auto found = sessions_.find(request.session_id());
    if (found != sessions_.end()) {
      session = found->second;
      sessions_.erase(found);
    }
  }
  if (session != nullptr) session->queries().StopAll();
  spark::connect::ReleaseSessionResponse response;
  response.set_session_id(request.session_id());
  return response;
}

std::string ConnectService::NewSessionId() const {
  return process_->env()->NewUuid();
}

}  // namespace sluice
