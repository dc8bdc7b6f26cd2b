// SPDX-License-Identifier: Apache-2.0
#include "base/spark_error.h"
#include "client/errors.h"
#include "client/handles.h"
#include "exec/operator.h"

namespace sluice {

SessionHandle::~SessionHandle() {
  if (stopped || service == nullptr) return;
  spark::connect::ReleaseSessionRequest request;
  request.set_session_id(session_id);
  (void)service->ReleaseSession(request);
}

ConnectService& SessionHandle::Service() const {
  if (stopped) ThrowIfError(UserError("SLUICE_SESSION_STOPPED", "The session was stopped."));
  return *service;
}

spark::connect::ExecutePlanRequest SessionHandle::NewRequest() const {
  spark::connect::ExecutePlanRequest request;
  request.set_session_id(session_id);
  return request;
}

Execution SessionHandle::Execute(const spark::connect::ExecutePlanRequest& request) const {
  return ValueOrThrow(Service().ExecutePlan(request));
}

spark::connect::ExecutePlanResponse SessionHandle::Command(spark::connect::Command command) const {
  auto request = NewRequest();
  *request.mutable_plan()->mutable_command() = std::move(command);
  const Execution execution = Execute(request);
  return execution.messages.empty() ? spark::connect::ExecutePlanResponse() : execution.messages.front();
}

spark::connect::AnalyzePlanResponse SessionHandle::Analyze(const spark::connect::AnalyzePlanRequest& request) const {
  return ValueOrThrow(Service().AnalyzePlan(request));
}

spark::connect::ConfigResponse SessionHandle::Config(const spark::connect::ConfigRequest& request) const {
  return ValueOrThrow(Service().Config(request));
}

DataFrame MakeDataFrame(std::shared_ptr<SessionHandle> session, spark::connect::Relation relation) {
  auto plan = std::make_shared<PlanHandle>();
  plan->session = std::move(session);
  plan->relation = std::move(relation);
  return DataFrame(std::move(plan));
}

}  // namespace sluice
