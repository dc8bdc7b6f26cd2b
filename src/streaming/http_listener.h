// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/status.h"

namespace sluice {

struct HttpAnswer {
  int code = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

// How much one peer can take up. A request of a good peer is there within a millisecond.
struct HttpLimits {
  int64_t request_ms = 5'000;  // from the connection to the last byte of its request
  int64_t answer_ms = 10'000;  // from then until the peer has taken the answer and closed
  size_t connections = 64;     // at once; the next one takes the place of the one that is open longest
  size_t request_bytes = 8 << 10;
};

// Answers GET and HEAD over HTTP/1.1, one request a connection, from one thread that never waits for a peer: silent
// and slow ones are dropped, and who asks properly is answered whatever others do. No peer is trusted.
//
// A name in the request's Host that is neither an address, "localhost", a name without a dot, this machine's name nor
// in `hosts` is refused with 403: a web page could otherwise point a name of its own at this address and read the
// answers.
class HttpListener {
 public:
  // Gets the path without its query ("/metrics"); called on the listener's thread.
  using Handler = std::function<HttpAnswer(std::string_view path)>;

  // `address` is an IP address (IPv6 with or without brackets) or a name; `port` 0 takes any that is free.
  static Result<std::unique_ptr<HttpListener>> Start(const std::string& address, int64_t port,
                                                     std::vector<std::string> hosts, Handler handler,
                                                     HttpLimits limits = {});
  // Closes all connections.
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  int port() const { return port_; }

 private:
  struct Connection;
  HttpListener(std::vector<std::string> hosts, Handler handler, HttpLimits limits);
  Status Listen(const std::string& address, int64_t port);
  void Run();
  // Waits until a socket is ready or a deadline comes; false: the listener ends.
  bool Wait();
  void Accept();
  void DropOldest();
  void Serve(Connection* connection);
  void Read(Connection* connection);
  void Write(Connection* connection);
  HttpAnswer Answer(std::string_view head, bool* without_body);
  bool IsKnownHost(std::string_view host) const;

  const std::vector<std::string> hosts_;
  const Handler handler_;
  const HttpLimits limits_;
  int port_ = 0;
  int listener_ = -1;
  int wake_ = -1;
  bool accepting_ = true;                                 // false for a moment after the system had no descriptor left
  std::vector<std::unique_ptr<Connection>> connections_;  // by age
  std::thread thread_;
};

}  // namespace sluice
