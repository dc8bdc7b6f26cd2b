// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

#include "connect/methods.h"

namespace sluice {

// Lets one thread at a time move a call on. Outlives the call: operations that wake it late only find it closed.
class CallGate {
 public:
  // True: the caller moves the call on now. False: somebody else does, and looks again afterwards.
  bool Enter();
  // True: the caller may go. False: there is news, it has to look again.
  bool Leave();

 private:
  std::mutex mutex_;
  bool busy_ = false;
  bool news_ = false;
};

// One call of a client. gRPC's threads never wait in it: it reads a request, has it answered, and writes what there is;
// an operation wakes it when there is more. It deletes itself when gRPC is done with it.
class ConnectCall : public grpc::ServerGenericBidiReactor {
 public:
  ConnectCall(RemoteService* service, const Method* method);
  // A call that is refused.
  explicit ConnectCall(const grpc::Status& status);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  using Steady = std::chrono::steady_clock;

  void AnswerUnary();
  void Upload();
  void FinishUpload();
  void Open();
  void Answer(Reply reply);
  // Both are called by whoever entered the gate.
  void Pump();
  void Close(const grpc::Status& status);
  bool IsLongEnough() const;

  RemoteService* const service_ = nullptr;
  const Method* const method_ = nullptr;
  const std::shared_ptr<CallGate> gate_ = std::make_shared<CallGate>();
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> streaming_{false};
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;

  // Of streams of responses.
  SessionKey caller_;
  std::shared_ptr<Operation> operation_;
  Operation::Reader reader_;
  Steady::time_point opened_;
  int64_t written_bytes_ = 0;
  bool written_ = false;

  ArtifactUpload upload_;
};

}  // namespace sluice
