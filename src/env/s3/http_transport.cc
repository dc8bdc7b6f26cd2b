// SPDX-License-Identifier: Apache-2.0
#include "env/s3/http_transport.h"

#include <aws/common/error.h>
#include <aws/http/connection.h>
#include <aws/http/connection_manager.h>
#include <aws/http/request_response.h>
#include <aws/io/socket.h>
#include <aws/io/tls_channel_handler.h>
#include <fmt/format.h>

#include <chrono>

#include "base/spark_error.h"
#include "env/ca_bundle.h"

namespace sluice::s3 {
namespace {

// One request under way. Shared by the waiting thread and the library's callbacks.
struct Exchange {
  aws_http_connection_manager* manager = nullptr;
  aws_http_message* request = nullptr;
  BodySink* sink = nullptr;
  int64_t max_body = 0;
  HttpReply reply;  // the callbacks' until `done`
  int64_t body_bytes = 0;
  size_t header_count = 0;
  size_t header_bytes = 0;
  bool error_cut = false;  // the rest of a long error is not waited for

  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  bool given = false;      // a connection came and the request is under way or over
  bool abandoned = false;  // nobody waits any more: a connection that still comes is given back unused
  aws_http_connection* connection = nullptr;
};
using ExchangeHolder = std::shared_ptr<Exchange>;

void Finish(ExchangeHolder* holder, int error_code) {
  Exchange& exchange = **holder;
  aws_http_connection* connection = nullptr;
  {
    std::lock_guard lock(exchange.mutex);
    std::swap(connection, exchange.connection);
  }
  // Back into the pool before the waiter runs: its next request finds the connection there.
  if (connection != nullptr) aws_http_connection_manager_release_connection(exchange.manager, connection);
  {
    std::lock_guard lock(exchange.mutex);
    exchange.reply.crt_error = error_code;
    exchange.done = true;
    exchange.changed.notify_all();
  }
  delete holder;
}

// Ends the request from inside a callback of the library.
int Stop() {
  return aws_raise_error(AWS_ERROR_HTTP_CALLBACK_FAILURE);
}

int OnHeaders(aws_http_stream* stream, aws_http_header_block block, const aws_http_header* headers, size_t count,
              void* user_data) {
  if (block != AWS_HTTP_HEADER_BLOCK_MAIN) return AWS_OP_SUCCESS;
  Exchange& exchange = **static_cast<ExchangeHolder*>(user_data);
  HttpReply& reply = exchange.reply;
  aws_http_stream_get_incoming_response_status(stream, &reply.status);
  for (size_t i = 0; i < count; ++i) {
    exchange.header_count += 1;
    exchange.header_bytes += headers[i].name.len + headers[i].value.len;
    if (exchange.header_count > kMaxHeaders || exchange.header_bytes > kMaxHeaderBytes) {
      reply.excess = fmt::format("more than {} headers, or more than {} bytes of them", kMaxHeaders, kMaxHeaderBytes);
      return Stop();
    }
    std::string name(View(headers[i].name));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    reply.headers[name] = View(headers[i].value);
  }
  return AWS_OP_SUCCESS;
}

int OnBody(aws_http_stream*, const aws_byte_cursor* data, void* user_data) {
  Exchange& exchange = **static_cast<ExchangeHolder*>(user_data);
  HttpReply& reply = exchange.reply;
  const std::string_view bytes = View(*data);
  if (reply.status >= 300) {
    const auto room = static_cast<size_t>(kMaxErrorBody) - reply.body.size();
    reply.body.append(bytes.substr(0, room));
    if (bytes.size() <= room) return AWS_OP_SUCCESS;
    exchange.error_cut = true;
    return Stop();
  }
  exchange.body_bytes += static_cast<int64_t>(bytes.size());
  if (exchange.body_bytes > exchange.max_body) {
    reply.excess = fmt::format("a body of more than {} bytes", exchange.max_body);
    return Stop();
  }
  const bool wanted = reply.status == 200 || reply.status == 206;
  if (exchange.sink != nullptr && wanted) return exchange.sink->Append(bytes) ? AWS_OP_SUCCESS : Stop();
  reply.body.append(bytes);
  return AWS_OP_SUCCESS;
}

void OnComplete(aws_http_stream* stream, int error_code, void* user_data) {
  auto* holder = static_cast<ExchangeHolder*>(user_data);
  // The beginning of a long error says what there is to know.
  if ((*holder)->error_cut) error_code = 0;
  aws_http_stream_release(stream);
  Finish(holder, error_code);
}

void OnConnection(aws_http_connection* connection, int error_code, void* user_data) {
  auto* holder = static_cast<ExchangeHolder*>(user_data);
  Exchange& exchange = **holder;
  if (error_code != 0) return Finish(holder, error_code);
  {
    std::lock_guard lock(exchange.mutex);
    exchange.connection = connection;
    exchange.given = !exchange.abandoned;
  }
  if (!exchange.given) return Finish(holder, AWS_ERROR_HTTP_STREAM_CANCELLED);
  aws_http_make_request_options options{};
  options.self_size = sizeof(options);
  options.request = exchange.request;
  options.user_data = holder;
  options.on_response_headers = OnHeaders;
  options.on_response_body = OnBody;
  options.on_complete = OnComplete;
  aws_http_stream* stream = aws_http_connection_make_request(exchange.connection, &options);
  if (stream == nullptr) return Finish(holder, aws_last_error());
  exchange.reply.may_have_arrived = true;
  if (aws_http_stream_activate(stream) != AWS_OP_SUCCESS) {
    const int error = aws_last_error();
    exchange.reply.may_have_arrived = false;
    aws_http_stream_release(stream);
    Finish(holder, error);
  }
}

Status TlsError(std::string_view what) {
  return EnvironmentError("SLUICE_S3.TLS", fmt::format("{}: {}", what, CrtErrorText(aws_last_error())));
}

}  // namespace

HttpTransport::HttpTransport(std::shared_ptr<CrtRuntime> runtime, HttpOptions options)
    : runtime_(std::move(runtime)), options_(std::move(options)) {}

HttpTransport::~HttpTransport() {
  for (auto& [endpoint, pool] : pools_) aws_http_connection_manager_release(pool->manager);
  for (auto& [endpoint, pool] : pools_) pool->gone.Wait();
  aws_tls_ctx_release(tls_);
}

Result<aws_tls_ctx*> HttpTransport::TlsContext() {
  std::lock_guard lock(mutex_);
  return TlsContextLocked();
}

Result<aws_tls_ctx*> HttpTransport::TlsContextLocked() {
  if (tls_ != nullptr) return tls_;
  SLUICE_ASSIGN(const std::string bundle,
                FindCaBundle(options_.ca_bundle, "AWS_CA_BUNDLE or spark.sluice.s3.caBundle", options_.cert_file));
  aws_tls_ctx_options options{};
  aws_tls_ctx_options_init_default_client(&options, runtime_->allocator());
  // The library itself would take TLS 1.0.
  aws_tls_ctx_options_set_minimum_tls_version(&options, AWS_IO_TLSv1_2);
  if (aws_tls_ctx_options_override_default_trust_store_from_path(&options, nullptr, bundle.c_str()) == AWS_OP_SUCCESS) {
    tls_ = aws_tls_client_ctx_new(runtime_->allocator(), &options);
  }
  Status status = tls_ != nullptr ? Status::OK() : TlsError(fmt::format("TLS for S3 with the CA bundle {}", bundle));
  aws_tls_ctx_options_clean_up(&options);
  SLUICE_RETURN_IF_ERROR(status);
  return tls_;
}

Result<aws_http_connection_manager*> HttpTransport::PoolOf(const HttpEndpoint& endpoint) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<Pool>& pool = pools_[endpoint];
  if (pool != nullptr) return pool->manager;
  aws_tls_connection_options tls{};
  if (endpoint.tls) {
    const auto context = TlsContextLocked();
    if (!context.ok()) {
      pools_.erase(endpoint);
      return context.status();
    }
    aws_tls_connection_options_init_from_ctx(&tls, *context);
    const aws_byte_cursor host = Cursor(endpoint.host);
    aws_tls_connection_options_set_server_name(&tls, runtime_->allocator(), &host);
    tls.timeout_ms = static_cast<uint32_t>(options_.connect_timeout_ms);
  }
  aws_socket_options socket{};
  socket.type = AWS_SOCKET_STREAM;
  socket.domain = AWS_SOCKET_IPV4;
  socket.connect_timeout_ms = static_cast<uint32_t>(options_.connect_timeout_ms);
  socket.tcp_nodelay = AWS_SOCKET_TCP_NODELAY_ON;
  auto made = std::make_unique<Pool>();
  aws_http_connection_manager_options options{};
  options.bootstrap = runtime_->bootstrap();
  options.initial_window_size = SIZE_MAX;
  options.socket_options = &socket;
  options.tls_connection_options = endpoint.tls ? &tls : nullptr;
  options.host = Cursor(endpoint.host);
  options.port = endpoint.port;
  options.max_connections = static_cast<size_t>(options_.max_connections);
  options.shutdown_complete_callback = OpenLatch;
  options.shutdown_complete_user_data = &made->gone;
  options.max_connection_idle_in_milliseconds = static_cast<uint64_t>(options_.idle_connection_ms);
  made->manager = aws_http_connection_manager_new(runtime_->allocator(), &options);
  Status status = made->manager != nullptr ? Status::OK() : TlsError("A connection pool for S3");
  aws_tls_connection_options_clean_up(&tls);
  if (!status.ok()) {
    pools_.erase(endpoint);
    return status;
  }
  pool = std::move(made);
  return pool->manager;
}

Result<HttpReply> HttpTransport::Send(const HttpEndpoint& endpoint, aws_http_message* request, BodySink* sink,
                                      int64_t max_body, int64_t timeout_ms) {
  SLUICE_ASSIGN(aws_http_connection_manager * manager, PoolOf(endpoint));
  if (sink != nullptr) sink->Begin();
  auto exchange = std::make_shared<Exchange>();
  exchange->manager = manager;
  exchange->request = request;
  exchange->sink = sink;
  exchange->max_body = max_body;
  aws_http_connection_manager_acquire_connection(manager, OnConnection, new ExchangeHolder(exchange));

  std::unique_lock lock(exchange->mutex);
  const auto is_done = [&] { return exchange->done; };
  if (!exchange->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms), is_done)) {
    if (!exchange->given) {
      // Still waiting for a connection: the request was never touched and may go.
      exchange->abandoned = true;
      HttpReply reply;
      reply.crt_error = AWS_IO_SOCKET_TIMEOUT;
      return reply;
    }
    if (exchange->connection != nullptr) aws_http_connection_close(exchange->connection);
    exchange->changed.wait(lock, is_done);
    exchange->reply.crt_error = AWS_IO_SOCKET_TIMEOUT;
  }
  return std::move(exchange->reply);
}

}  // namespace sluice::s3
