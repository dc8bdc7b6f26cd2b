// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

class RemoteService;

struct ConnectServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;                 // 0: one that is free
  std::string token;            // empty: nobody is asked for one
  std::string tls_certificate;  // PEM, the server's first; empty: plain text
  std::string tls_key;
};

// Spark Connect over gRPC. The destructor breaks off the calls that are open.
class ConnectServer {
 public:
  // `service` outlives the server. An address that is taken is an error.
  static Result<std::unique_ptr<ConnectServer>> Start(RemoteService* service, const ConnectServerOptions& options);
  virtual ~ConnectServer() = default;
  virtual int port() const = 0;
};

}  // namespace sluice
