// SPDX-License-Identifier: Apache-2.0
#include "connect/grpc_transport.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>

namespace sluice {
namespace {

constexpr int kMostMessageBytes = 128 << 20;
// Servers of Spark take a ping every five minutes, and close the connection of who sends more.
constexpr int kKeepaliveMs = 360'000;
constexpr int kKeepaliveTimeoutMs = 20'000;

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

void CopyTo(const grpc::ByteBuffer& buffer, std::string* bytes) {
  std::vector<grpc::Slice> slices;
  bytes->clear();
  if (!buffer.Dump(&slices).ok()) return;
  for (const grpc::Slice& slice : slices) {
    bytes->append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
}

// One call with one request. The completion queue is its own: each step waits for its end there.
class GrpcCall : public ResponseStream {
 public:
  GrpcCall(grpc::GenericStub* stub, const TransportTarget& target, const std::string& method,
           const std::string& request) {
    for (const auto& [name, value] : target.headers) context_.AddMetadata(name, value);
    call_ = stub->PrepareCall(&context_, "/spark.connect.SparkConnectService/" + method, &queue_);
    call_->StartCall(nullptr);
    if (!Wait()) return;
    call_->WriteLast(BufferOf(request), grpc::WriteOptions(), nullptr);
    Wait();
  }

  ~GrpcCall() override {
    if (!finished_) {
      context_.TryCancel();
      (void)GrpcCall::Finish();
    }
    queue_.Shutdown();
    while (Wait()) {
    }
  }

  bool Read(std::string* response) override {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, nullptr);
    if (!Wait()) return false;
    CopyTo(buffer, response);
    return true;
  }

  CallEnd Finish() override {
    finished_ = true;
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Wait();
    return {static_cast<int>(status.error_code()), status.error_message(), status.error_details()};
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  bool finished_ = false;
};

class GrpcTransport : public Transport {
 public:
  explicit GrpcTransport(TransportTarget target) : target_(std::move(target)), stub_(ChannelTo(target_)) {}

  CallEnd Call(const std::string& method, const std::string& request, std::string* response) override {
    GrpcCall call(&stub_, target_, method, request);
    std::string more;
    const bool answered = call.Read(response);
    if (answered) call.Read(&more);
    CallEnd end = call.Finish();
    if (end.ok() && !answered) return {CallEnd::kInternal, "The server gave no answer.", {}};
    return end;
  }

  std::unique_ptr<ResponseStream> Stream(const std::string& method, const std::string& request) override {
    return std::make_unique<GrpcCall>(&stub_, target_, method, request);
  }

 private:
  static std::shared_ptr<grpc::Channel> ChannelTo(const TransportTarget& target) {
    std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
    if (target.tls) {
      grpc::SslCredentialsOptions tls;
      tls.pem_root_certs = target.roots;
      credentials = grpc::SslCredentials(tls);
    }
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMostMessageBytes);
    arguments.SetMaxSendMessageSize(kMostMessageBytes);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    return grpc::CreateCustomChannel(target.address, credentials, arguments);
  }

  const TransportTarget target_;
  grpc::GenericStub stub_;
};

}  // namespace

std::unique_ptr<Transport> OpenGrpcTransport(const TransportTarget& target) {
  return std::make_unique<GrpcTransport>(target);
}

}  // namespace sluice
