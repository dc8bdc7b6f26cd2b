// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "cli/global_options.h"
#include "connect/connect_server.h"
#include "service/remote_service.h"

namespace sluice::cli {

// A process that serves Spark Connect. Its parts end in the order in which they need each other.
struct ServedProcess {
  std::shared_ptr<Env> env;
  std::unique_ptr<RemoteService> service;
  std::unique_ptr<ConnectServer> server;

  std::string token;

  // `with_token`: a token of this process is made up, which its clients have to give.
  static Result<ServedProcess> Start(const GlobalOptions& global, ConnectServerOptions listen, bool with_token = false);
  // Lets all queries finish their batches; a second signal gives them up. The exit code.
  int Stop();
};

}  // namespace sluice::cli
