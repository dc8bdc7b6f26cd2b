// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "base/status.h"
#include "env/s3/crt_runtime.h"

struct aws_http_connection_manager;
struct aws_http_message;
struct aws_tls_ctx;

namespace sluice::s3 {

struct HttpEndpoint {
  std::string host;
  uint32_t port = 0;
  bool tls = false;
  bool operator<(const HttpEndpoint& other) const {
    return std::tie(host, port, tls) < std::tie(other.host, other.port, other.tls);
  }
};

// Takes the body of a 200 or 206 as it comes, on the library's thread.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // A new try: forget what came before.
  virtual void Begin() = 0;
  // False stops the request, whose reply then carries an error.
  virtual bool Append(std::string_view bytes) = 0;
};

struct HttpReply {
  int crt_error = 0;              // the library's error; 0: there is a whole reply
  bool may_have_arrived = false;  // the server may have seen the request
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // what no sink took; of an error at most kMaxErrorBody bytes
  // Which bound the reply passed: "a body of more than 10 bytes". Its connection is closed then. Empty: none.
  std::string excess;

  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// Bounds of replies, whatever the server sends. A page of a listing with 1,000 of the longest names has about 4 MiB.
constexpr int64_t kMaxXmlBody = 16 << 20;
constexpr int64_t kMaxErrorBody = 64 << 10;
constexpr size_t kMaxHeaders = 200;
constexpr size_t kMaxHeaderBytes = 64 << 10;  // names and values of all; crt_runtime.cc bounds one line

struct HttpOptions {
  std::string ca_bundle;  // for TLS; asked for when the first TLS connection is made
  int64_t connect_timeout_ms = 10'000;
  int64_t idle_connection_ms = 20'000;
  int max_connections = 32;
  std::string cert_file;  // SSL_CERT_FILE, which counts when there is no ca_bundle
};

// HTTP/1.1 over pooled connections that are kept alive. One try a call; retries are the caller's. Thread-safe.
class HttpTransport {
 public:
  HttpTransport(std::shared_ptr<CrtRuntime> runtime, HttpOptions options);
  // Waits for connections to close. No Send may be under way.
  ~HttpTransport();

  // Sends and waits for the whole reply, at most `timeout_ms`. `sink` gets at most `max_body` bytes; without a sink
  // `max_body` bounds what is collected. The error is about TLS set-up only.
  Result<HttpReply> Send(const HttpEndpoint& endpoint, aws_http_message* request, BodySink* sink, int64_t max_body,
                         int64_t timeout_ms);
  // The context of TLS connections, made at the first call. Owned by the transport.
  Result<aws_tls_ctx*> TlsContext();
  const CrtRuntime& runtime() const { return *runtime_; }

 private:
  struct Pool {
    aws_http_connection_manager* manager = nullptr;
    Latch gone;
  };
  Result<aws_http_connection_manager*> PoolOf(const HttpEndpoint& endpoint);
  Result<aws_tls_ctx*> TlsContextLocked();

  const std::shared_ptr<CrtRuntime> runtime_;
  const HttpOptions options_;
  std::mutex mutex_;
  aws_tls_ctx* tls_ = nullptr;
  std::map<HttpEndpoint, std::unique_ptr<Pool>> pools_;
};

}  // namespace sluice::s3
