// SPDX-License-Identifier: Apache-2.0
#include "streaming/http_listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "base/logging.h"
#include "base/spark_error.h"
#include "env/posix_file.h"

namespace sluice {
namespace {

constexpr int kAcceptsInARow = 64;
constexpr int64_t kPauseMs = 100;
constexpr int64_t kLeaveMs = 1000;

int64_t NowMs() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

std::string_view Reason(int code) {
  switch (code) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Takes the next line off, without its end.
std::string_view TakeLine(std::string_view* text) {
  const size_t end = std::min(text->find('\n'), text->size());
  std::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The host of "host", "host:80" and "[::1]:80", in lower case.
std::string HostOf(std::string_view value) {
  if (value.starts_with('[')) return Lower(value.substr(1, value.find(']') - 1));
  return Lower(value.substr(0, value.find(':')));
}

bool IsAddress(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

std::string MachineName() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? Lower(name) : "";
}

HttpAnswer Refusal(int code, std::string text) {
  HttpAnswer answer;
  answer.code = code;
  answer.body = std::move(text);
  return answer;
}

std::string TextOf(const HttpAnswer& answer, bool without_body) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{}",
      answer.code, Reason(answer.code), answer.type, answer.body.size(), without_body ? "" : answer.body);
}

// A listening socket on one address that the name stands for; -1 with errno set.
int Bind(const addrinfo& address) {
  const int fd = ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return -1;
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (::bind(fd, address.ai_addr, address.ai_addrlen) == 0 && ::listen(fd, SOMAXCONN) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace

// One peer: its request is read, then the answer written, then what it still sends is read until it closes. Closing
// earlier could make the system throw the answer away with the unread rest.
struct HttpListener::Connection {
  explicit Connection(int descriptor, int64_t until) : fd(descriptor), deadline_ms(until) {}
  enum class Step { kReading, kWriting, kLeaving, kDone };

  FileDescriptor fd;
  Step step = Step::kReading;
  int64_t deadline_ms;
  std::string request;
  std::string answer;
  size_t sent = 0;
};

HttpListener::HttpListener(std::vector<std::string> hosts, Handler handler, HttpLimits limits)
    : hosts_(std::move(hosts)), handler_(std::move(handler)), limits_(limits) {}

Result<std::unique_ptr<HttpListener>> HttpListener::Start(const std::string& address, int64_t port,
                                                          std::vector<std::string> hosts, Handler handler,
                                                          HttpLimits limits) {
  for (std::string& host : hosts) host = Lower(host);
  hosts.push_back(Lower(address));
  if (std::string machine = MachineName(); !machine.empty()) hosts.push_back(std::move(machine));
  std::unique_ptr<HttpListener> server(new HttpListener(std::move(hosts), std::move(handler), limits));
  SLUICE_RETURN_IF_ERROR(server->Listen(address, port));
  server->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (server->wake_ < 0) return ErrnoError("eventfd", address);
  server->thread_ = std::thread([self = server.get()] { self->Run(); });
  return server;
}

Status HttpListener::Listen(const std::string& address, int64_t port) {
  std::string host = address;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0) {
    return EnvironmentError("SLUICE_METRICS", fmt::format("{}: {}", address, ::gai_strerror(error)));
  }
  for (const addrinfo* one = found; one != nullptr && listener_ < 0; one = one->ai_next) listener_ = Bind(*one);
  const int error = errno;
  ::freeaddrinfo(found);
  if (listener_ < 0) {
    return EnvironmentError("SLUICE_METRICS", fmt::format("{}:{}: {}", address, port, std::strerror(error)));
  }
  sockaddr_storage bound{};
  socklen_t length = sizeof(bound);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &length);
  port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                            : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  return Status::OK();
}

HttpListener::~HttpListener() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof(one));
    thread_.join();
  }
  if (listener_ >= 0) ::close(listener_);
  if (wake_ >= 0) ::close(wake_);
}

void HttpListener::Run() {
  while (Wait()) {
    for (const auto& connection : connections_) Serve(connection.get());
    if (accepting_) Accept();
    const int64_t now = NowMs();
    std::erase_if(connections_,
                  [now](const auto& c) { return c->step == Connection::Step::kDone || now >= c->deadline_ms; });
  }
}

bool HttpListener::Wait() {
  std::vector<pollfd> ready = {{wake_, POLLIN, 0}, {accepting_ ? listener_ : -1, POLLIN, 0}};
  const int64_t now = NowMs();
  int64_t until = accepting_ ? INT64_MAX : now + kPauseMs;
  for (const auto& connection : connections_) {
    const bool writes = connection->step == Connection::Step::kWriting;
    ready.push_back({connection->fd.get(), static_cast<short>(writes ? POLLOUT : POLLIN), 0});
    until = std::min(until, connection->deadline_ms);
  }
  const int timeout = until == INT64_MAX ? -1 : static_cast<int>(std::max<int64_t>(until - now, 0));
  const int count = ::poll(ready.data(), ready.size(), timeout);
  if (!accepting_) accepting_ = true;
  return count <= 0 || (ready[0].revents & POLLIN) == 0;
}

void HttpListener::Accept() {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS) return;
      // The connection stays in the queue: without a pause the loop would turn as fast as it can.
      DropOldest();
      accepting_ = false;
      return;
    }
    if (connections_.size() >= limits_.connections) DropOldest();
    connections_.push_back(std::make_unique<Connection>(fd, NowMs() + limits_.request_ms));
    Serve(connections_.back().get());
  }
}

// Those that have said all they had to say go last.
void HttpListener::DropOldest() {
  const auto reading = std::find_if(connections_.begin(), connections_.end(), [](const auto& c) {
    return c->step == Connection::Step::kReading || c->step == Connection::Step::kDone;
  });
  const auto oldest = reading != connections_.end() ? reading : connections_.begin();
  if (oldest != connections_.end()) connections_.erase(oldest);
}

void HttpListener::Serve(Connection* connection) {
  if (connection->step == Connection::Step::kReading) Read(connection);
  if (connection->step == Connection::Step::kWriting) Write(connection);
  if (connection->step == Connection::Step::kLeaving) {
    char rest[4096];
    const ssize_t n = ::recv(connection->fd.get(), rest, sizeof(rest), 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) connection->step = Connection::Step::kDone;
  }
}

void HttpListener::Read(Connection* connection) {
  char buffer[4096];
  const ssize_t n = ::recv(connection->fd.get(), buffer, sizeof(buffer), 0);
  if (n <= 0) {
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) connection->step = Connection::Step::kDone;
    return;
  }
  std::string& request = connection->request;
  request.append(buffer, static_cast<size_t>(n));
  const size_t end = request.find("\r\n\r\n");
  HttpAnswer answer;
  bool without_body = false;
  if (end != std::string::npos && end < limits_.request_bytes) {
    answer = Answer(std::string_view(request).substr(0, end), &without_body);
  } else if (request.size() >= limits_.request_bytes) {
    answer = Refusal(431, "The request is too long.\n");
  } else {
    return;
  }
  connection->answer = TextOf(answer, without_body);
  connection->step = Connection::Step::kWriting;
  connection->deadline_ms = NowMs() + limits_.answer_ms;
}

void HttpListener::Write(Connection* connection) {
  while (connection->sent < connection->answer.size()) {
    const ssize_t n = ::send(connection->fd.get(), connection->answer.data() + connection->sent,
                             connection->answer.size() - connection->sent, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN && errno != EINTR) connection->step = Connection::Step::kDone;
      return;
    }
    connection->sent += static_cast<size_t>(n);
  }
  ::shutdown(connection->fd.get(), SHUT_WR);
  connection->step = Connection::Step::kLeaving;
  connection->deadline_ms = std::min(connection->deadline_ms, NowMs() + kLeaveMs);
}

HttpAnswer HttpListener::Answer(std::string_view head, bool* without_body) {
  const std::string_view first = TakeLine(&head);
  const size_t space = first.find(' ');
  const size_t last = first.rfind(' ');
  if (space == std::string_view::npos || space == last || !first.substr(last + 1).starts_with("HTTP/1.")) {
    return Refusal(400, "This is no HTTP/1.1 request.\n");
  }
  std::optional<std::string> host;
  while (!head.empty()) {
    const std::string_view line = TakeLine(&head);
    const size_t colon = line.find(':');
    if (Lower(line.substr(0, colon)) != "host" || colon == std::string_view::npos) continue;
    if (host) return Refusal(400, "There is more than one Host.\n");
    host = HostOf(Trim(line.substr(colon + 1)));
  }
  // Probes leave Host out, web browsers never do.
  if (host && !IsKnownHost(*host)) {
    return Refusal(403, "This name is not known here (spark.sluice.metrics.hosts).\n");
  }
  const std::string_view method = first.substr(0, space);
  *without_body = method == "HEAD";
  if (method != "GET" && method != "HEAD") return Refusal(405, "GET only.\n");
  const std::string_view target = first.substr(space + 1, last - space - 1);
  return handler_(target.substr(0, target.find('?')));
}

bool HttpListener::IsKnownHost(std::string_view host) const {
  const std::string name(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
  if (name.find('.') == std::string::npos && name.find(':') == std::string::npos) return true;
  return IsAddress(name) || name.ends_with(".localhost") ||
         std::find(hosts_.begin(), hosts_.end(), name) != hosts_.end();
}

}  // namespace sluice
