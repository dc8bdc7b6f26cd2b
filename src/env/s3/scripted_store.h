// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace sluice::s3 {

// For tests only: a small S3 on a loopback port, in memory, that misbehaves on command. It honours conditional writes,
// ranges and multipart uploads; it does not check signatures. Listings are scripted by the test.
class ScriptedStore {
 public:
  struct Request {
    std::string method;
    std::string path;                            // decoded by nobody: as sent, without the query
    std::string query;                           // without '?'
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
  };
  struct Reply {
    int status = 200;
    std::map<std::string, std::string> headers;
    std::string body;
  };
  // What happens to one request.
  struct Fault {
    enum class Kind {
      kReply,          // `reply` instead of doing anything
      kCloseBefore,    // nothing is done, the connection is reset
      kApplyAndClose,  // done, but the connection is reset before the reply
      kApplyAndReply,  // done, but answered with `reply`
      kCutBody,        // done, and the connection is reset in the middle of the reply's body
      kStall,          // nothing is done and no reply comes; the connection stays open
      kEndless,        // nothing is done; `reply` is sent, its body again and again until the connection is closed
    };
    Kind kind = Kind::kReply;
    Reply reply;
    std::string only_method;  // empty: the next request, whatever it is
  };

  ScriptedStore();
  ~ScriptedStore();
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // Faults are used up in order, each by the first request that fits it.
  void Add(Fault fault);
  void AddReply(int status, const std::string& code, const std::string& only_method = "");
  // Answers requests before the store itself does; nullopt passes.
  void SetHandler(std::function<std::optional<Reply>(const Request&)> handler);
  // As a store that does not know If-None-Match.
  void IgnoreConditions() { ignore_conditions_ = true; }

  std::vector<Request> requests();
  // Requests whose method is `method`.
  int CountOf(const std::string& method);
  int connections() const { return connections_.load(); }
  // Bytes that endless replies sent.
  int64_t endless_bytes() const { return endless_bytes_.load(); }
  // The most requests that were under way at once.
  int most_at_once() const { return most_at_once_.load(); }
  std::optional<std::string> Object(const std::string& path);
  void SetObject(const std::string& path, const std::string& bytes);
  size_t open_uploads();

  static Reply Error(int status, const std::string& code, const std::string& more = "");

 private:
  struct Stored {
    std::string bytes;
    std::string etag;
  };
  void Accept();
  void Serve(int fd);
  bool ReadRequest(int fd, std::string* rest, Request* request);
  std::optional<Fault> TakeFault(const Request& request);
  // False: the connection is to be reset.
  bool Answer(int fd, const Request& request);
  Reply Do(const Request& request);
  Reply DoObject(const Request& request);
  Reply DoUpload(const Request& request, const std::string& upload_id);
  bool ConditionFails(const Request& request);
  static bool Send(int fd, const Reply& reply, bool head, bool cut);
  void SendEndless(int fd, const Reply& reply);

  int port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::atomic<int> connections_{0};
  std::atomic<int64_t> endless_bytes_{0};
  std::atomic<int> at_once_{0};
  std::atomic<int> most_at_once_{0};
  bool ignore_conditions_ = false;
  std::mutex mutex_;
  std::deque<Fault> faults_;
  std::function<std::optional<Reply>(const Request&)> handler_;
  std::vector<Request> requests_;
  std::map<std::string, Stored> objects_;
  std::map<std::string, std::map<int, std::string>> uploads_;
  int next_id_ = 1;
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace sluice::s3
