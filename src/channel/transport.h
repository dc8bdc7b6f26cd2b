// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// Bytes of Spark Connect's calls to a server and back. Nothing but std is in it: the library behind include/sluice/
// loads its transport, and gRPC with it, only for a program that goes to a server.

struct TransportTarget {
  std::string address;  // host:port
  bool tls = false;
  std::string roots;  // PEM of trusted authorities; empty: gRPC's own
  // Of every call, the token among them.
  std::vector<std::pair<std::string, std::string>> headers;
};

// How a call ended; codes are gRPC's.
struct CallEnd {
  static constexpr int kOk = 0;
  static constexpr int kInternal = 13;
  static constexpr int kUnavailable = 14;

  int code = kOk;
  std::string message;
  std::string details;  // google.rpc.Status, serialised, where the server sent one
  bool ok() const { return code == kOk; }
};

// The responses of one call. One thread, except Cancel.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  // Waits for the next response; false at the end.
  virtual bool Read(std::string* response) = 0;
  // How the call ended; once, after Read gave false.
  virtual CallEnd Finish() = 0;
  // Ends the call soon. Any thread.
  virtual void Cancel() = 0;
};

// Thread-safe. A `method` is the name of a call, such as "ExecutePlan".
class Transport {
 public:
  virtual ~Transport() = default;
  virtual CallEnd Call(const std::string& method, const std::string& request, std::string* response) = 0;
  virtual std::unique_ptr<ResponseStream> Stream(const std::string& method, const std::string& request) = 0;
};

}  // namespace sluice
