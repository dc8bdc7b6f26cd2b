// SPDX-License-Identifier: Apache-2.0
#include "connect/connect_server.h"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <openssl/crypto.h>

#include <chrono>

#include "base/logging.h"
#include "base/redaction.h"
#include "base/spark_error.h"
#include "connect/connect_call.h"

namespace sluice {
namespace {

constexpr int kMostMessageBytes = 128 << 20;
constexpr size_t kMostBufferedBytes = 1 << 30;
constexpr int kMostStreams = 2000;  // of one connection
constexpr int kKeepaliveMs = 60'000;
constexpr int kHandshakeMs = 20'000;  // of who has not said yet what he is
constexpr std::chrono::seconds kBreakOff(2);

void LogOfGrpc(gpr_log_func_args* args) {
  if (args->severity == GPR_LOG_SEVERITY_ERROR) Log(LogLevel::kDebug, "gRPC: {}", Redact(args->message));
}

// The time that a comparison takes tells nothing of how much was right.
bool IsToken(const std::string& token, std::string_view given) {
  return given.size() == token.size() && CRYPTO_memcmp(given.data(), token.data(), token.size()) == 0;
}

// A token comes as Spark's clients send it, or in a header of Sluice's own: with the former, clients of version 3.5
// insist on TLS, also on the loopback address.
bool HasToken(const std::string& token, const std::multimap<grpc::string_ref, grpc::string_ref>& headers) {
  constexpr std::string_view kBearer = "Bearer ";
  if (const auto found = headers.find("authorization"); found != headers.end()) {
    const std::string_view given(found->second.data(), found->second.size());
    if (given.starts_with(kBearer) && IsToken(token, given.substr(kBearer.size()))) return true;
  }
  const auto found = headers.find("x-sluice-token");
  return found != headers.end() && IsToken(token, {found->second.data(), found->second.size()});
}

class ConnectCalls : public grpc::CallbackGenericService {
 public:
  ConnectCalls(RemoteService* service, std::string token) : service_(service), token_(std::move(token)) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    if (!token_.empty() && !HasToken(token_, context->client_metadata())) {
      return new ConnectCall(grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "No valid token was given."));
    }
    const Method* method = FindMethod(context->method());
    if (method == nullptr) {
      return new ConnectCall(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "Sluice does not know this call."));
    }
    return new ConnectCall(service_, method);
  }

 private:
  RemoteService* const service_;
  const std::string token_;
};

class GrpcServer : public ConnectServer {
 public:
  GrpcServer(RemoteService* service, std::string token) : service_(service, std::move(token)) {}
  ~GrpcServer() override {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now() + kBreakOff);
    server_->Wait();
  }

  Status Open(const ConnectServerOptions& options) {
    std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
    if (!options.tls_certificate.empty()) {
      grpc::SslServerCredentialsOptions tls;
      tls.pem_key_cert_pairs.push_back({options.tls_key, options.tls_certificate});
      credentials = grpc::SslServerCredentials(tls);
    }
    grpc::ServerBuilder builder;
    const bool v6 = options.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + options.host + "]" : options.host;
    builder.AddListeningPort(host + ":" + std::to_string(options.port), credentials, &port_);
    builder.SetMaxReceiveMessageSize(kMostMessageBytes);
    builder.SetMaxSendMessageSize(kMostMessageBytes);
    grpc::ResourceQuota quota("sluice");
    quota.Resize(kMostBufferedBytes);
    builder.SetResourceQuota(quota);
    // Otherwise a second server could take the same port without an error, and half of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreams);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ != nullptr && port_ > 0) return Status::OK();
    return EnvironmentError("SLUICE_SERVER",
                            fmt::format("No server could be opened on {}:{}. Is the port taken by another program, or "
                                        "the certificate not fit?",
                                        options.host, options.port));
  }

  int port() const override { return port_; }

 private:
  ConnectCalls service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<ConnectServer>> ConnectServer::Start(RemoteService* service,
                                                            const ConnectServerOptions& options) {
  gpr_set_log_function(LogOfGrpc);
  auto server = std::make_unique<GrpcServer>(service, options.token);
  SLUICE_RETURN_IF_ERROR(server->Open(options));
  return std::unique_ptr<ConnectServer>(std::move(server));
}

}  // namespace sluice
