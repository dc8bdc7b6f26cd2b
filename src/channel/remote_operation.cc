// SPDX-License-Identifier: Apache-2.0
#include "channel/remote_operation.h"

#include "base/spark_error.h"

namespace sluice {
namespace {

using spark::connect::ExecutePlanResponse;

bool IsUnknownHandle(const CallEnd& end) {
  return end.message.find("INVALID_HANDLE.OPERATION_NOT_FOUND") != std::string::npos ||
         end.message.find("INVALID_HANDLE.SESSION_NOT_FOUND") != std::string::npos;
}

}  // namespace

RemoteOperation::RemoteOperation(std::shared_ptr<RemoteClient> client, spark::connect::ExecutePlanRequest request)
    : client_(std::move(client)), request_(std::move(request)) {
  request_.set_operation_id(client_->NewUuid());
  request_.add_request_options()->mutable_reattach_options()->set_reattachable(true);
}

RemoteOperation::~RemoteOperation() {
  if (!sent_) return;
  if (stream_ != nullptr) stream_->Cancel();
  stream_.reset();
  spark::connect::ReleaseExecuteRequest release;
  release.set_operation_id(request_.operation_id());
  release.mutable_release_all();
  client_->Notify("ReleaseExecute", std::move(release));
}

std::shared_ptr<ResponseStream> RemoteOperation::OpenStream() {
  std::lock_guard lock(mutex_);
  if (cancelled_) return nullptr;
  if (stream_ != nullptr) return stream_;
  sent_ = true;
  if (start_ == Start::kExecute) {
    client_->Sign(&request_);
    stream_ = client_->Stream("ExecutePlan", request_.SerializeAsString());
    return stream_;
  }
  spark::connect::ReattachExecuteRequest reattach;
  client_->Sign(&reattach);
  reattach.set_operation_id(request_.operation_id());
  if (!last_response_.empty()) reattach.set_last_response_id(last_response_);
  stream_ = client_->Stream("ReattachExecute", reattach.SerializeAsString());
  return stream_;
}

Status RemoteOperation::CloseStream(const CallEnd& end) {
  {
    std::lock_guard lock(mutex_);
    stream_.reset();
  }
  if (end.ok()) {
    start_ = Start::kReattach;
    return Status::OK();
  }
  if (start_ == Start::kReattach && last_response_.empty() && IsUnknownHandle(end)) {
    // The server never got it, or another one answers now: nothing was given out yet.
    start_ = Start::kExecute;
    request_.set_operation_id(client_->NewUuid());
    return Status::OK();
  }
  if (!client_->WaitToRetry(end, &waited_ms_)) return client_->ErrorOf(end);
  start_ = Start::kReattach;
  return Status::OK();
}

Result<std::optional<ExecutePlanResponse>> RemoteOperation::Next() {
  while (!complete_) {
    const std::shared_ptr<ResponseStream> stream = OpenStream();
    if (stream == nullptr) return UserError("OPERATION_CANCELED", "Operation has been canceled.");
    std::string bytes;
    if (!stream->Read(&bytes)) {
      SLUICE_RETURN_IF_ERROR(CloseStream(stream->Finish()));
      continue;
    }
    ExecutePlanResponse response;
    if (!ParseNested(bytes, &response)) {
      return EnvironmentError("SLUICE_REMOTE.FAILED", "A response of the server cannot be read.");
    }
    SLUICE_RETURN_IF_ERROR(client_->Observe(response.server_side_session_id()));
    last_response_ = response.response_id();
    waited_ms_ = 0;
    complete_ = response.has_result_complete();
    if (!complete_ && !response.has_execution_progress()) return std::optional(std::move(response));
  }
  return std::nullopt;
}

void RemoteOperation::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (stream_ != nullptr) stream_->Cancel();
}

}  // namespace sluice
