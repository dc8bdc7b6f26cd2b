// SPDX-License-Identifier: Apache-2.0
#include "service/remote_service.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/spark_error.h"
#include "exec/memory_reservation.h"
#include "service/handlers.h"
#include "service/lost_client.h"
#include "service/plan_bytes.h"
#include "service/remote_config.h"
#include "service/run_plan.h"
#include "session/session.h"

namespace sluice {
namespace {

namespace sc = spark::connect;

constexpr std::chrono::milliseconds kHeartbeat(2000);
constexpr int kMostTags = 256;
constexpr size_t kLongestTag = 1024;
// Of a request; one that is larger counts in the memory budget while it runs, with the plan that is taken out of it.
constexpr int64_t kSmallRequest = 64 << 10;

std::string DigestOf(const std::string& bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  ::SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

template <typename Request>
SessionKey KeyOf(const Request& request) {
  return RemoteService::CallerOf(request.session_id(), request.user_context());
}

template <typename Request>
Result<std::shared_ptr<ServedSession>> OpenFor(Sessions* sessions, const Request& request) {
  return sessions->Open(KeyOf(request), request.client_observed_server_side_session_id());
}

template <typename Response>
void SetIds(const ServedSession& session, Response* response) {
  response->set_session_id(session.key().session_id);
  response->set_server_side_session_id(session.server_side_id());
}

Status NoOperation(const std::string& id) {
  return UserError("INVALID_HANDLE.OPERATION_NOT_FOUND",
                   fmt::format("The handle {} is invalid. Operation not found.", id), {{"handle", id}});
}

Status CheckTags(const google::protobuf::RepeatedPtrField<std::string>& tags) {
  // They are kept as long as what was started under them is known.
  if (tags.size() > kMostTags) {
    return UserError("SLUICE_TOO_MANY_TAGS", fmt::format("An operation has at most {} tags.", kMostTags));
  }
  for (const std::string& tag : tags) {
    if (tag.empty()) return UserError("", "Spark Connect tag cannot be an empty string.");
    if (tag.size() > kLongestTag) {
      return UserError("SLUICE_TOO_MANY_TAGS", fmt::format("A tag has at most {} bytes.", kLongestTag));
    }
    if (tag.find(',') != std::string::npos) return UserError("", "Spark Connect tag cannot contain ','.");
  }
  return Status::OK();
}

bool IsReattachable(const sc::ExecutePlanRequest& request) {
  return std::any_of(request.request_options().begin(), request.request_options().end(), [](const auto& option) {
    return option.has_reattach_options() && option.reattach_options().reattachable();
  });
}

sc::GetStatusResponse::OperationStatus::OperationState StateOf(OperationFate fate) {
  switch (fate) {
    case OperationFate::kUnknown:
      return sc::GetStatusResponse::OperationStatus::OPERATION_STATE_UNKNOWN;
    case OperationFate::kRunning:
      return sc::GetStatusResponse::OperationStatus::OPERATION_STATE_RUNNING;
    case OperationFate::kTerminating:
      return sc::GetStatusResponse::OperationStatus::OPERATION_STATE_TERMINATING;
    case OperationFate::kSucceeded:
      return sc::GetStatusResponse::OperationStatus::OPERATION_STATE_SUCCEEDED;
    case OperationFate::kFailed:
      return sc::GetStatusResponse::OperationStatus::OPERATION_STATE_FAILED;
    case OperationFate::kCancelled:
      return sc::GetStatusResponse::OperationStatus::OPERATION_STATE_CANCELLED;
  }
  return sc::GetStatusResponse::OperationStatus::OPERATION_STATE_UNKNOWN;
}

}  // namespace

RemoteService::RemoteService(std::shared_ptr<Process> process, Conf conf)
    : process_(process),
      sessions_(process, std::move(conf)),
      waiting_(std::make_shared<WaitingOperations>(&process->env()->clock())),
      housekeeper_([this] { KeepHouse(); }) {
  process_->queries().OnEnd([waiting = std::weak_ptr<WaitingOperations>(waiting_)] {
    if (const auto there = waiting.lock()) there->Wake();
  });
}

RemoteService::~RemoteService() {
  Stop(nullptr);
  waiting_->Close();
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    closing_.notify_all();
  }
  housekeeper_.join();
}

SessionKey RemoteService::CallerOf(const std::string& session_id, const sc::UserContext& user) {
  return {user.user_id(), session_id};
}

void RemoteService::KeepHouse() {
  std::unique_lock lock(mutex_);
  while (!closing_.wait_for(lock, kHeartbeat, [&] { return closed_; })) {
    lock.unlock();
    for (const auto& session : sessions_.All()) {
      StopIfClientIsLost(session.get());
      session->operations().Heartbeat();
      session->operations().Expire();
    }
    for (const auto& session : sessions_.TakeIdle()) {
      if (!threads_.Run([session] { session->Close(); }).ok()) session->Close();
    }
    lock.lock();
  }
}

bool RemoteService::Stop(const std::function<bool()>& in_a_hurry) {
  bool clean = true;
  const auto all = sessions_.Shut();
  for (const auto& session : all) session->StopQueries("");
  for (const auto& session : all) {
    // Whoever waits for a query learns how it ended.
    clean &= session->session()->queries().Close(in_a_hurry);
    session->Close();
  }
  return clean;
}

Result<RemoteService::Stream> RemoteService::ExecutePlan(const sc::ExecutePlanRequest& request) {
  SLUICE_ASSIGN(const auto session, OpenFor(&sessions_, request));
  SLUICE_RETURN_IF_ERROR(CheckTags(request.tags()));
  OperationKey key;
  key.session_id = request.session_id();
  key.server_side_session_id = session->server_side_id();
  key.id = request.operation_id().empty() ? process_->env()->NewUuid() : request.operation_id();
  if (!IsUuid(key.id)) {
    return UserError("INVALID_HANDLE.FORMAT",
                     fmt::format("The handle {} is invalid. Handle must be an UUID string of the format "
                                 "'00112233-4455-6677-8899-aabbccddeeff'.",
                                 key.id),
                     {{"handle", key.id}});
  }
  key.tags.assign(request.tags().begin(), request.tags().end());
  key.reattachable = IsReattachable(request);
  key.plan = DigestOf(request.plan().SerializeAsString());
  auto held = std::make_shared<MemoryReservation>(&process_->budget(), "The plan of this operation");
  const auto size = static_cast<int64_t>(request.SpaceUsedLong());
  if (size > kSmallRequest) SLUICE_RETURN_IF_ERROR(held->Cover(2 * size));
  bool is_new = false;
  SLUICE_ASSIGN(auto operation, session->operations().Start(std::move(key), &is_new));
  if (!is_new) return Stream{std::move(operation), std::nullopt};
  const Status begun = threads_.Run(
      [this, session, request, operation, held = std::move(held)] { RunPlan(session, request, operation, waiting_); });
  if (!begun.ok()) {
    session->operations().Release(operation->key().id);
    return begun;
  }
  return Stream{std::move(operation), std::nullopt};
}

Result<RemoteService::Stream> RemoteService::ReattachExecute(const sc::ReattachExecuteRequest& request) {
  SLUICE_ASSIGN(const auto session, sessions_.Find(KeyOf(request)));
  Stream stream;
  stream.operation = session->operations().Find(request.operation_id());
  if (stream.operation == nullptr) return NoOperation(request.operation_id());
  if (!stream.operation->key().reattachable) {
    return UserError("INVALID_CURSOR.NOT_REATTACHABLE", "The cursor is invalid. The cursor is not reattachable.");
  }
  if (request.has_last_response_id()) stream.last_response = request.last_response_id();
  return stream;
}

Result<sc::AnalyzePlanResponse> RemoteService::AnalyzePlan(const sc::AnalyzePlanRequest& request) {
  SLUICE_ASSIGN(const auto session, OpenFor(&sessions_, request));
  sc::AnalyzePlanRequest complete = request;
  SLUICE_RETURN_IF_ERROR(CompleteAnalysis(session->artifacts(), &complete));
  SLUICE_ASSIGN(auto response, service::AnalyzePlan(session->session().get(), complete));
  SetIds(*session, &response);
  return response;
}

Result<sc::ConfigResponse> RemoteService::Config(const sc::ConfigRequest& request) {
  SLUICE_ASSIGN(const auto session, OpenFor(&sessions_, request));
  SLUICE_ASSIGN(auto response, RemoteConfig(session->session().get(), request));
  SetIds(*session, &response);
  return response;
}

Result<sc::ArtifactStatusesResponse> RemoteService::ArtifactStatus(const sc::ArtifactStatusesRequest& request) {
  SLUICE_ASSIGN(const auto session, OpenFor(&sessions_, request));
  sc::ArtifactStatusesResponse response;
  for (const std::string& name : request.names()) {
    // As in Spark, only cached data can be asked for.
    const bool exists = name.starts_with("cache/") && session->artifacts().Find(name) != nullptr;
    (*response.mutable_statuses())[name].set_exists(exists);
  }
  SetIds(*session, &response);
  return response;
}

Status RemoteService::AddArtifacts(const sc::AddArtifactsRequest& request, ArtifactUpload* upload) {
  if (upload->session == nullptr) {
    SLUICE_ASSIGN(upload->session, OpenFor(&sessions_, request));
  }
  return upload->Add(request);
}

Result<sc::AddArtifactsResponse> RemoteService::FinishArtifacts(ArtifactUpload* upload) {
  SLUICE_ASSIGN(auto response, upload->Finish());
  if (upload->session != nullptr) SetIds(*upload->session, &response);
  return response;
}

Result<sc::InterruptResponse> RemoteService::Interrupt(const sc::InterruptRequest& request) {
  SLUICE_ASSIGN(const auto session, OpenFor(&sessions_, request));
  sc::InterruptResponse response;
  std::vector<std::string> stopped;
  const auto needs = [](const std::string& what) {
    return UserError("INVALID_PARAMETER_VALUE.INTERRUPT_TYPE_" + what + "_REQUIRES_" + (what == "TAG" ? "TAG" : "ID"),
                     "The call Interrupt does not say what it is to stop.",
                     {{"parameter", what == "TAG" ? "operation_tag" : "operation_id"}, {"functionName", "interrupt"}});
  };
  switch (request.interrupt_type()) {
    case sc::InterruptRequest::INTERRUPT_TYPE_ALL:
      stopped = session->operations().InterruptAll();
      session->StopQueries("");
      break;
    case sc::InterruptRequest::INTERRUPT_TYPE_TAG: {
      if (request.operation_tag().empty()) return needs("TAG");
      stopped = session->operations().InterruptTag(request.operation_tag());
      for (std::string& id : session->StopQueries(request.operation_tag())) stopped.push_back(std::move(id));
      break;
    }
    case sc::InterruptRequest::INTERRUPT_TYPE_OPERATION_ID:
      if (request.operation_id().empty()) return needs("OPERATION_ID");
      stopped = session->operations().InterruptOne(request.operation_id());
      break;
    default:
      return UserError("", "The type of the interrupt is not known.");
  }
  for (std::string& id : stopped) response.add_interrupted_ids(std::move(id));
  SetIds(*session, &response);
  return response;
}

Result<sc::ReleaseExecuteResponse> RemoteService::ReleaseExecute(const sc::ReleaseExecuteRequest& request) {
  SLUICE_ASSIGN(const auto session, sessions_.Find(KeyOf(request)));
  sc::ReleaseExecuteResponse response;
  SetIds(*session, &response);
  const auto operation = session->operations().Find(request.operation_id());
  // It may have been released before: that is no error.
  if (operation == nullptr) return response;
  response.set_operation_id(request.operation_id());
  if (request.has_release_until()) {
    SLUICE_RETURN_IF_ERROR(operation->ReleaseUntil(request.release_until().response_id()));
  } else if (request.has_release_all()) {
    session->operations().Release(request.operation_id());
  } else {
    return UserError("", "ReleaseExecute does not say what to release.");
  }
  return response;
}

Result<sc::ReleaseSessionResponse> RemoteService::ReleaseSession(const sc::ReleaseSessionRequest& request) {
  const auto session = sessions_.Take(KeyOf(request), request.allow_reconnect());
  sc::ReleaseSessionResponse response;
  response.set_session_id(request.session_id());
  if (session == nullptr) return response;
  session->Close();
  SetIds(*session, &response);
  return response;
}

Result<sc::FetchErrorDetailsResponse> RemoteService::FetchErrorDetails(const sc::FetchErrorDetailsRequest& request) {
  SLUICE_ASSIGN(const auto session, OpenFor(&sessions_, request));
  sc::FetchErrorDetailsResponse response;
  if (const auto error = session->errors().Take(request.error_id()))
    AddErrorDetails(*error, request.client_type(), &response);
  SetIds(*session, &response);
  return response;
}

Result<sc::CloneSessionResponse> RemoteService::CloneSession(const sc::CloneSessionRequest& request) {
  const std::string id = request.new_session_id().empty() ? process_->env()->NewUuid() : request.new_session_id();
  SLUICE_ASSIGN(const auto source, sessions_.Find(KeyOf(request)));
  SLUICE_ASSIGN(const auto made, sessions_.Clone(KeyOf(request), id));
  sc::CloneSessionResponse response;
  SetIds(*source, &response);
  response.set_new_session_id(id);
  response.set_new_server_side_session_id(made->server_side_id());
  return response;
}

Result<sc::GetStatusResponse> RemoteService::GetStatus(const sc::GetStatusRequest& request) {
  SLUICE_ASSIGN(const auto session, OpenFor(&sessions_, request));
  sc::GetStatusResponse response;
  SetIds(*session, &response);
  if (!request.has_operation_status()) return response;
  std::vector<std::string> ids(request.operation_status().operation_ids().begin(),
                               request.operation_status().operation_ids().end());
  if (ids.empty()) ids = session->operations().Ids();
  for (const std::string& id : ids) {
    auto* status = response.add_operation_statuses();
    status->set_operation_id(id);
    status->set_state(StateOf(session->operations().FateOf(id)));
  }
  return response;
}

ErrorReply RemoteService::Refuse(const SessionKey& caller, const Status& error) {
  const auto session = sessions_.Find(caller);
  return ReplyOf(error, session.ok() ? (*session)->errors().Keep(error) : "");
}

}  // namespace sluice
