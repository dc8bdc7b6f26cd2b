// SPDX-License-Identifier: Apache-2.0
#include "base/spark_error.h"
#include "client/errors.h"
#include "client/handles.h"
#include "exec/operator.h"

namespace sluice {

SessionHandle::~SessionHandle() {
  if (stopped || channel == nullptr || channel->is_remote()) return;
  (void)channel->ReleaseSession();
}

void SessionHandle::Stop() {
  if (stopped.exchange(true)) return;
  ThrowIfError(channel->ReleaseSession());
}

Channel& SessionHandle::OpenChannel() const {
  if (stopped) ThrowIfError(UserError("SLUICE_SESSION_STOPPED", "The session was stopped."));
  return *channel;
}

Execution SessionHandle::Execute(spark::connect::Relation relation) const {
  spark::connect::ExecutePlanRequest request;
  *request.mutable_plan()->mutable_root() = std::move(relation);
  return ValueOrThrow(OpenChannel().ExecutePlan(std::move(request)));
}

spark::connect::ExecutePlanResponse SessionHandle::Command(spark::connect::Command command) const {
  spark::connect::ExecutePlanRequest request;
  *request.mutable_plan()->mutable_command() = std::move(command);
  const Execution execution = ValueOrThrow(OpenChannel().ExecutePlan(std::move(request)));
  return execution.messages.empty() ? spark::connect::ExecutePlanResponse() : execution.messages.front();
}

spark::connect::AnalyzePlanResponse SessionHandle::Analyze(spark::connect::AnalyzePlanRequest request) const {
  return ValueOrThrow(OpenChannel().AnalyzePlan(std::move(request)));
}

spark::connect::ConfigResponse SessionHandle::Config(spark::connect::ConfigRequest request) const {
  return ValueOrThrow(OpenChannel().Config(std::move(request)));
}

std::string SessionHandle::TimeZone() const {
  spark::connect::ConfigRequest request;
  request.mutable_operation()->mutable_get()->add_keys("spark.sql.session.timeZone");
  const auto response = Config(std::move(request));
  return response.pairs_size() > 0 ? response.pairs(0).value() : "UTC";
}

DataFrame MakeDataFrame(std::shared_ptr<SessionHandle> session, spark::connect::Relation relation) {
  auto plan = std::make_shared<PlanHandle>();
  plan->session = std::move(session);
  plan->relation = std::move(relation);
  return DataFrame(std::move(plan));
}

}  // namespace sluice
