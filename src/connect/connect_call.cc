// SPDX-License-Identifier: Apache-2.0
#include "connect/connect_call.h"

#include "service/caught.h"
#include "service/plan_bytes.h"

namespace sluice {
namespace {

// A reattachable stream ends after this much, and its client attaches again.
constexpr std::chrono::minutes kLongestStream(2);
constexpr int64_t kLargestStream = 1 << 30;

// The bytes of a message in one piece.
class Contiguous {
 public:
  explicit Contiguous(const grpc::ByteBuffer& buffer) {
    if (!buffer.TrySingleSlice(&slice_).ok()) buffer.DumpToSingleSlice(&slice_);
  }
  std::string_view view() const { return {reinterpret_cast<const char*>(slice_.begin()), slice_.size()}; }

 private:
  grpc::Slice slice_;
};

grpc::ByteBuffer BufferOf(std::shared_ptr<const std::string> bytes) {
  auto* held = new std::shared_ptr<const std::string>(std::move(bytes));
  const grpc::Slice slice(
      const_cast<char*>((*held)->data()), (*held)->size(),
      [](void* data) { delete static_cast<std::shared_ptr<const std::string>*>(data); }, held);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::Status StatusOf(const ErrorReply& error) {
  return {grpc::StatusCode::INTERNAL, error.message, error.details};
}

}  // namespace

bool CallGate::Enter() {
  std::lock_guard lock(mutex_);
  news_ = busy_;
  if (busy_) return false;
  busy_ = true;
  return true;
}

bool CallGate::Leave() {
  std::lock_guard lock(mutex_);
  if (news_) {
    news_ = false;
    return false;
  }
  busy_ = false;
  return true;
}

ConnectCall::ConnectCall(RemoteService* service, const Method* method) : service_(service), method_(method) {
  StartRead(&request_);
}

ConnectCall::ConnectCall(const grpc::Status& status) {
  gate_->Enter();
  Finish(status);
}

void ConnectCall::OnReadDone(bool ok) {
  if (method_ == nullptr) return;
  if (method_->kind == MethodKind::kAddArtifacts) {
    ok ? Upload() : FinishUpload();
    return;
  }
  if (!ok) {
    if (gate_->Enter()) Close(grpc::Status(grpc::StatusCode::INTERNAL, "The call has no request."));
    return;
  }
  switch (method_->kind) {
    case MethodKind::kSlowUnary:
      if (const Status begun = service_->threads().Run([this] { AnswerUnary(); }); !begun.ok()) {
        Answer(Refused(service_, caller_, begun));
      }
      return;
    case MethodKind::kUnary:
      AnswerUnary();
      return;
    default:
      Open();
  }
}

void ConnectCall::AnswerUnary() {
  Answer(method_->unary(service_, Contiguous(request_).view()));
}

void ConnectCall::Upload() {
  spark::connect::AddArtifactsRequest request;
  if (!ParseNested(Contiguous(request_).view(), &request)) {
    Answer(Unreadable());
    return;
  }
  caller_ = RemoteService::CallerOf(request.session_id(), request.user_context());
  const Status added = Caught([&] { return service_->AddArtifacts(request, &upload_); });
  if (!added.ok()) {
    Answer(Refused(service_, caller_, added));
    return;
  }
  request_.Clear();
  StartRead(&request_);
}

void ConnectCall::FinishUpload() {
  const auto response = Caught([&] { return service_->FinishArtifacts(&upload_); });
  Answer(response.ok() ? Reply{true, response->SerializeAsString(), {}}
                       : Refused(service_, caller_, response.status()));
}

void ConnectCall::Answer(Reply reply) {
  if (!gate_->Enter()) return;  // it was cancelled meanwhile and is closed
  if (!reply.ok) {
    Close(StatusOf(reply.error));
    return;
  }
  response_ = BufferOf(std::make_shared<const std::string>(std::move(reply.bytes)));
  StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
}

void ConnectCall::Open() {
  const Contiguous bytes(request_);
  Result<RemoteService::Stream> stream = RemoteService::Stream();
  if (method_->kind == MethodKind::kExecute) {
    spark::connect::ExecutePlanRequest request;
    if (!ParseNested(bytes.view(), &request)) return Answer(Unreadable());
    caller_ = RemoteService::CallerOf(request.session_id(), request.user_context());
    stream = Caught([&] { return service_->ExecutePlan(request); });
  } else {
    spark::connect::ReattachExecuteRequest request;
    if (!ParseNested(bytes.view(), &request)) return Answer(Unreadable());
    caller_ = RemoteService::CallerOf(request.session_id(), request.user_context());
    stream = Caught([&] { return service_->ReattachExecute(request); });
  }
  if (!stream.ok()) return Answer(Refused(service_, caller_, stream.status()));
  // Nobody else may move the call on before it has a reader.
  if (!gate_->Enter()) return;
  streaming_ = true;
  const auto reader = stream->operation->Attach(stream->last_response, [gate = gate_, this] {
    if (gate->Enter()) Pump();
  });
  if (!reader.ok()) return Close(StatusOf(service_->Refuse(caller_, reader.status())));
  operation_ = stream->operation;
  reader_ = *reader;
  opened_ = Steady::now();
  Pump();
}

bool ConnectCall::IsLongEnough() const {
  return operation_->key().reattachable && written_ &&
         (written_bytes_ > kLargestStream || Steady::now() - opened_ > kLongestStream);
}

void ConnectCall::Pump() {
  const std::shared_ptr<CallGate> gate = gate_;  // once it is open, this call may be gone
  do {
    if (cancelled_) return Close(grpc::Status(grpc::StatusCode::CANCELLED, "The client has gone."));
    if (IsLongEnough()) return Close(grpc::Status::OK);
    std::shared_ptr<const std::string> bytes;
    const Result<Operation::Pull> pulled = operation_->Next(&reader_, &bytes);
    if (!pulled.ok()) return Close(StatusOf(service_->Refuse(caller_, pulled.status())));
    if (*pulled == Operation::Pull::kEnd) return Close(grpc::Status::OK);
    if (*pulled == Operation::Pull::kNothingYet) continue;
    written_ = true;
    written_bytes_ += static_cast<int64_t>(bytes->size());
    response_ = BufferOf(std::move(bytes));
    StartWrite(&response_);
    return;  // the gate stays closed until OnWriteDone
  } while (!gate->Leave());
}

void ConnectCall::Close(const grpc::Status& status) {
  // The gate stays closed for good.
  Finish(status);
}

void ConnectCall::OnWriteDone(bool ok) {
  if (!streaming_) return;  // the last message of an answer
  if (!ok) cancelled_ = true;
  Pump();
}

void ConnectCall::OnCancel() {
  cancelled_ = true;
  // A call that is being answered may be used by another thread: it ends with its answer.
  if (streaming_ && gate_->Enter()) Pump();
}

void ConnectCall::OnDone() {
  if (operation_ != nullptr) operation_->Detach(reader_);
  delete this;
}

}  // namespace sluice
