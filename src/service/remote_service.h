// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "conf/conf.h"
#include "service/artifact_upload.h"
#include "service/error_reply.h"
#include "service/sessions.h"
#include "service/waiting_operations.h"
#include "service/work_threads.h"

namespace sluice {

// The calls of Spark Connect as a client far away makes them, without a transport: sessions that expire, operations
// that go on without a reader, errors that are fetched. Thread-safe. Every call may block but Attach.
class RemoteService {
 public:
  // `conf`: the settings that every session begins with.
  RemoteService(std::shared_ptr<Process> process, Conf conf);
  // Stops what runs.
  ~RemoteService();

  // Who calls, for errors that are kept with a session.
  static SessionKey CallerOf(const std::string& session_id, const spark::connect::UserContext& user);

  // An operation to read responses from, from the response after `last_response`.
  struct Stream {
    std::shared_ptr<Operation> operation;
    std::optional<std::string> last_response;
  };
  Result<Stream> ExecutePlan(const spark::connect::ExecutePlanRequest& request);
  Result<Stream> ReattachExecute(const spark::connect::ReattachExecuteRequest& request);

  Result<spark::connect::AnalyzePlanResponse> AnalyzePlan(const spark::connect::AnalyzePlanRequest& request);
  Result<spark::connect::ConfigResponse> Config(const spark::connect::ConfigRequest& request);
  Result<spark::connect::ArtifactStatusesResponse> ArtifactStatus(
      const spark::connect::ArtifactStatusesRequest& request);
  Result<spark::connect::InterruptResponse> Interrupt(const spark::connect::InterruptRequest& request);
  Result<spark::connect::ReleaseExecuteResponse> ReleaseExecute(const spark::connect::ReleaseExecuteRequest& request);
  Result<spark::connect::ReleaseSessionResponse> ReleaseSession(const spark::connect::ReleaseSessionRequest& request);
  Result<spark::connect::FetchErrorDetailsResponse> FetchErrorDetails(
      const spark::connect::FetchErrorDetailsRequest& request);
  Result<spark::connect::CloneSessionResponse> CloneSession(const spark::connect::CloneSessionRequest& request);
  Result<spark::connect::GetStatusResponse> GetStatus(const spark::connect::GetStatusRequest& request);
  // AddArtifacts: the requests of one stream go into one upload, in order.
  Status AddArtifacts(const spark::connect::AddArtifactsRequest& request, ArtifactUpload* upload);
  Result<spark::connect::AddArtifactsResponse> FinishArtifacts(ArtifactUpload* upload);

  // The error as the caller gets it. Its details are kept with the caller's session, if there is one.
  ErrorReply Refuse(const SessionKey& caller, const Status& error);

  WorkThreads& threads() { return threads_; }
  // Stops all queries after their batch and ends all operations. True when no batch was given up.
  bool Stop(const std::function<bool()>& in_a_hurry);

 private:
  void KeepHouse();

  const std::shared_ptr<Process> process_;
  Sessions sessions_;
  std::mutex mutex_;
  std::condition_variable closing_;
  bool closed_ = false;
  const std::shared_ptr<WaitingOperations> waiting_;  // the directory of queries knows it too
  WorkThreads threads_;
  std::thread housekeeper_;
};

}  // namespace sluice
