// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cli/global_options.h"
#include "connect/connect_server.h"
#include "env/allowed_roots.h"
#include "service/remote_service.h"

namespace sluice::cli {

struct ServedOptions {
  ConnectServerOptions listen;
  bool with_token = false;                      // a token of this process is made up, which its clients have to give
  std::optional<AllowedRoots> roots;            // of the disk; none: all that this user may use
  std::map<std::string, std::string> defaults;  // settings that hold where the options give none
};

// A process that serves Spark Connect. Its parts end in the order in which they need each other.
struct ServedProcess {
  std::shared_ptr<Env> env;
  std::unique_ptr<RemoteService> service;
  std::unique_ptr<ConnectServer> server;

  std::string token;
  // Where Python workers of this process use its sessions: in plain text, on the loopback address, with a token that is
  // told to nobody else. Opened when the first of them needs it.
  struct LocalDoor {
    std::mutex mutex;
    std::unique_ptr<ConnectServer> server;
    std::string url;
  };
  std::shared_ptr<LocalDoor> local;

  static Result<ServedProcess> Start(const GlobalOptions& global, ServedOptions options);
  // Lets all queries finish their batches; a second signal gives them up. The exit code.
  int Stop();
};

}  // namespace sluice::cli
