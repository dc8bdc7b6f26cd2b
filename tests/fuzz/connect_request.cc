// SPDX-License-Identifier: Apache-2.0
// A call as it comes over the wire: the first byte says which, the rest is its message. Calls that run a plan go no
// further than its bytes; connect_plan goes on from there.
#include <algorithm>
#include <string>

#include "check.h"
#include "env/clock.h"
#include "env/env.h"
#include "service/plan_bytes.h"
#include "service/remote_service.h"
#include "session/process.h"
#include "targets.h"

namespace sluice::fuzz {
namespace {

namespace sc = spark::connect;

RemoteService& Service() {
  static auto* service = new RemoteService(
      std::make_shared<Process>(MakeTestEnv(std::make_shared<ManualClock>(0), MakeMemoryFileSystem()), Conf()), Conf());
  return *service;
}

template <typename Request, typename Response>
void Call(Result<Response> (RemoteService::*call)(const Request&), std::string_view bytes) {
  Request request;
  if (!ParseNested(bytes, &request)) return;
  const Result<Response> response = (Service().*call)(request);
  if (response.ok()) return;
  const ErrorReply reply =
      Service().Refuse(RemoteService::CallerOf(request.session_id(), request.user_context()), response.status());
  // Clients fail on larger trailers.
  FUZZ_CHECK(reply.message.size() + reply.details.size() * 4 / 3 < 8000, reply.message);
}

void Plan(std::string_view bytes) {
  sc::ExecutePlanRequest request;
  Artifacts artifacts;
  (void)artifacts.Add("cache/a", "no Arrow stream");
  if (ParseNested(bytes, &request)) (void)CompletePlan(artifacts, request.mutable_plan());
}

void Upload(std::string_view bytes) {
  ArtifactUpload upload;
  // A stream of requests, each with one byte of length.
  while (!bytes.empty()) {
    const size_t length = std::min<size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
    sc::AddArtifactsRequest request;
    if (!ParseNested(bytes.substr(1, length), &request)) return;
    if (!Service().AddArtifacts(request, &upload).ok()) return;
    bytes.remove_prefix(1 + length);
  }
  (void)Service().FinishArtifacts(&upload);
}

}  // namespace

void ConnectRequest(std::string_view input) {
  if (input.empty()) return;
  const std::string_view bytes = input.substr(1);
  switch (static_cast<unsigned char>(input[0]) % 9) {
    case 0:
      return Plan(bytes);
    case 1:
      return Upload(bytes);
    case 2:
      return Call(&RemoteService::Config, bytes);
    case 3:
      return Call(&RemoteService::ArtifactStatus, bytes);
    case 4:
      return Call(&RemoteService::Interrupt, bytes);
    case 5:
      return Call(&RemoteService::ReleaseExecute, bytes);
    case 6:
      return Call(&RemoteService::ReleaseSession, bytes);
    case 7:
      return Call(&RemoteService::CloneSession, bytes);
    default:
      return Call(&RemoteService::GetStatus, bytes);
  }
}

}  // namespace sluice::fuzz
