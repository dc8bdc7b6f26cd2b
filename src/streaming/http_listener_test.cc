// SPDX-License-Identifier: Apache-2.0
#include "streaming/http_listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>

#include "base/spark_error.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A peer on a socket of its own. Reading gives up after a minute, far behind every limit.
class Peer {
 public:
  explicit Peer(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{60, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  Peer(const Peer&) = delete;
  ~Peer() { ::close(fd_); }

  bool Send(const std::string& text) { return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) > 0; }
  // All until the other side closes.
  std::string ReadAll() {
    std::string all;
    char buffer[65536];
    ssize_t n;
    while ((n = ::recv(fd_, buffer, sizeof(buffer), 0)) > 0) all.append(buffer, static_cast<size_t>(n));
    closed_ = n == 0 || errno == ECONNRESET;
    return all;
  }
  // Waits until the other side says something or closes.
  void AwaitEvent(int milliseconds) {
    pollfd event{fd_, POLLIN, 0};
    ::poll(&event, 1, milliseconds);
  }
  // Whether the other side has closed, and not our patience ended.
  bool closed() const { return closed_; }
  std::string Ask(const std::string& request) {
    Send(request);
    return ReadAll();
  }

 private:
  const int fd_;
  bool closed_ = false;
};

class HttpListenerTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpListener> Listen(HttpLimits limits = {}, std::vector<std::string> hosts = {}) {
    const auto answer = [this](std::string_view path) {
      HttpAnswer reply;
      if (path == "/large") reply.body = large_;
      if (path == "/health") reply.body = "ok\n";
      if (path == "/away") reply.code = 503;
      return reply;
    };
    return HttpListener::Start("127.0.0.1", 0, std::move(hosts), answer, limits).ValueOrDie();
  }
  static std::string Get(const std::string& path, const std::string& host = "localhost") {
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nAccept: */*\r\n\r\n";
  }
  const std::string large_ = std::string(12 << 20, 'x');
};

TEST_F(HttpListenerTest, AnswersAndCloses) {
  const auto listener = Listen();
  const std::string reply = Peer(listener->port()).Ask(Get("/health?x=1"));
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\nContent-Length: 3\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\n\r\nok\n"));
  EXPECT_THAT(Peer(listener->port()).Ask(Get("/away")), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(Peer(listener->port()).Ask(Get("/large")).size(),
            large_.size() + Peer(listener->port()).Ask("HEAD /large HTTP/1.1\r\n\r\n").size());
}

TEST_F(HttpListenerTest, WhatIsNoGetIsRefused) {
  const auto listener = Listen();
  const std::string body(1 << 20, 'b');
  for (const auto& [request, code] : std::vector<std::pair<std::string, std::string>>{
           {"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + body, "405"},
           {"GET /health HTTP/2.0\r\n\r\n", "400"},
           {"GET\r\n\r\n", "400"},
           {"\r\n\r\n", "400"},
           {"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
           {"GET /health HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", "431"},
           {"GET /" + std::string(9000, 'x'), "431"}}) {
    EXPECT_THAT(Peer(listener->port()).Ask(request), StartsWith("HTTP/1.1 " + code)) << request.substr(0, 60);
  }
}

TEST_F(HttpListenerTest, NamesThatAWebPageCouldOwnAreRefused) {
  const auto listener = Listen({}, {"Metrics.Example.org"});
  for (const char* host : {"127.0.0.1", "127.0.0.1:9400", "[::1]:9400", "localhost:1", "LOCALHOST", "sluice:9400",
                           "metrics.example.org:80", "a.localhost", "10.1.2.3"}) {
    EXPECT_THAT(Peer(listener->port()).Ask(Get("/health", host)), StartsWith("HTTP/1.1 200")) << host;
  }
  for (const char* host : {"evil.example", "evil.example:9400", "127.0.0.1.evil.example", "localhost.evil.example.",
                           "metrics.example.org.evil.example", "[evil.example]"}) {
    const std::string reply = Peer(listener->port()).Ask(Get("/health", host));
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 403")) << host;
    EXPECT_THAT(reply, Not(HasSubstr("ok\n")));
  }
}

TEST_F(HttpListenerTest, SilentPeersDoNotDelayOthers) {
  const auto listener = Listen();
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(std::make_unique<Peer>(listener->port()));
    if (i % 2 == 0) silent.back()->Send("GET /health HTT");
  }
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) EXPECT_THAT(Peer(listener->port()).Ask(Get("/health")), HasSubstr("\r\n\r\nok\n"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  // At most 64 are kept: the first ones had to go.
  EXPECT_EQ(silent.front()->ReadAll(), "");
  EXPECT_TRUE(silent.front()->closed());
}

TEST_F(HttpListenerTest, PeersThatTakeNoAnswerDoNotDelayOthers) {
  const auto listener = Listen();
  std::vector<std::unique_ptr<Peer>> deaf;
  for (int i = 0; i < 70; ++i) {
    deaf.push_back(std::make_unique<Peer>(listener->port()));
    deaf.back()->Send(Get("/large"));
  }
  EXPECT_THAT(Peer(listener->port()).Ask(Get("/health")), HasSubstr("\r\n\r\nok\n"));
}

TEST_F(HttpListenerTest, SlowPeersAreDroppedAtTheirDeadline) {
  HttpLimits limits;
  limits.request_ms = 50;
  const auto listener = Listen(limits);
  Peer slow(listener->port());
  slow.Send("GET /health HTTP/1.1\r\n");
  EXPECT_EQ(slow.ReadAll(), "");
  EXPECT_TRUE(slow.closed());
  // A byte now and then does not move the deadline.
  Peer dripping(listener->port());
  for (int i = 0; i < 1'000'000 && dripping.Send("x"); ++i) {
    dripping.AwaitEvent(1);
  }
  EXPECT_FALSE(dripping.Send("x"));
}

TEST_F(HttpListenerTest, APortThatIsTakenIsAnError) {
  const auto listener = Listen();
  const auto second = HttpListener::Start("127.0.0.1", listener->port(), {}, nullptr);
  EXPECT_TRUE(HasErrorClass(second.status(), "SLUICE_METRICS")) << second.status().ToString();
  EXPECT_FALSE(HttpListener::Start("no.such.name.invalid", 0, {}, nullptr).ok());
}

}  // namespace
}  // namespace sluice
