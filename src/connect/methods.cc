// SPDX-License-Identifier: Apache-2.0
#include "connect/methods.h"

#include <algorithm>
#include <array>

#include "base/spark_error.h"
#include "service/caught.h"
#include "service/plan_bytes.h"

namespace sluice {
namespace {

namespace sc = spark::connect;

template <typename Request, typename Response, Result<Response> (RemoteService::*kCall)(const Request&)>
Reply Unary(RemoteService* service, std::string_view bytes) {
  Request request;
  if (!ParseNested(bytes, &request)) return Unreadable();
  const Result<Response> response = Caught([&] { return (service->*kCall)(request); });
  if (!response.ok()) {
    return Refused(service, RemoteService::CallerOf(request.session_id(), request.user_context()), response.status());
  }
  return Reply{true, response->SerializeAsString(), {}};
}

#define SLUICE_CONNECT_CALL(name) "/spark.connect.SparkConnectService/" name

constexpr Method kMethods[] = {
    {SLUICE_CONNECT_CALL("ExecutePlan"), MethodKind::kExecute, nullptr},
    {SLUICE_CONNECT_CALL("ReattachExecute"), MethodKind::kReattach, nullptr},
    {SLUICE_CONNECT_CALL("AddArtifacts"), MethodKind::kAddArtifacts, nullptr},
    {SLUICE_CONNECT_CALL("AnalyzePlan"), MethodKind::kSlowUnary,
     Unary<sc::AnalyzePlanRequest, sc::AnalyzePlanResponse, &RemoteService::AnalyzePlan>},
    {SLUICE_CONNECT_CALL("Config"), MethodKind::kUnary,
     Unary<sc::ConfigRequest, sc::ConfigResponse, &RemoteService::Config>},
    {SLUICE_CONNECT_CALL("ArtifactStatus"), MethodKind::kUnary,
     Unary<sc::ArtifactStatusesRequest, sc::ArtifactStatusesResponse, &RemoteService::ArtifactStatus>},
    {SLUICE_CONNECT_CALL("Interrupt"), MethodKind::kUnary,
     Unary<sc::InterruptRequest, sc::InterruptResponse, &RemoteService::Interrupt>},
    {SLUICE_CONNECT_CALL("ReleaseExecute"), MethodKind::kUnary,
     Unary<sc::ReleaseExecuteRequest, sc::ReleaseExecuteResponse, &RemoteService::ReleaseExecute>},
    {SLUICE_CONNECT_CALL("ReleaseSession"), MethodKind::kSlowUnary,
     Unary<sc::ReleaseSessionRequest, sc::ReleaseSessionResponse, &RemoteService::ReleaseSession>},
    {SLUICE_CONNECT_CALL("FetchErrorDetails"), MethodKind::kUnary,
     Unary<sc::FetchErrorDetailsRequest, sc::FetchErrorDetailsResponse, &RemoteService::FetchErrorDetails>},
    {SLUICE_CONNECT_CALL("CloneSession"), MethodKind::kUnary,
     Unary<sc::CloneSessionRequest, sc::CloneSessionResponse, &RemoteService::CloneSession>},
    {SLUICE_CONNECT_CALL("GetStatus"), MethodKind::kUnary,
     Unary<sc::GetStatusRequest, sc::GetStatusResponse, &RemoteService::GetStatus>},
};

#undef SLUICE_CONNECT_CALL

}  // namespace

const Method* FindMethod(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kMethods), std::end(kMethods), [&](const Method& method) { return method.name == name; });
  return found == std::end(kMethods) ? nullptr : found;
}

Reply Refused(RemoteService* service, const SessionKey& caller, const Status& error) {
  return Reply{false, "", service->Refuse(caller, error)};
}

Reply Unreadable() {
  return Reply{
      false, "",
      ReplyOf(UserError("", "The bytes of the request are no message of Spark Connect, or one with too many fields."),
              "")};
}

}  // namespace sluice
