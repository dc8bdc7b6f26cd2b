// SPDX-License-Identifier: Apache-2.0
#include "cli/served_process.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/redaction.h"
#include "cli/query_watch.h"
#include "conf/conf.h"
#include "env/env.h"
#include "python/worker_daemon.h"
#include "session/process.h"

namespace sluice::cli {

Result<ServedProcess> ServedProcess::Start(const GlobalOptions& global, ServedOptions options) {
  ServedProcess served;
  SLUICE_ASSIGN(served.env, StartEnv(global));
  SLUICE_ASSIGN(Conf conf, ConfOf(global));
  for (const auto& [key, value] : options.defaults) {
    if (!conf.Find(key)) SLUICE_RETURN_IF_ERROR(conf.Set(key, value));
  }
  if (options.roots) served.env = HoldTo(served.env, *std::move(options.roots), conf);
  ConnectServerOptions& listen = options.listen;
  if (options.with_token) {
    listen.token = served.env->NewUuid() + served.env->NewUuid();
    RegisterSecret(listen.token);
  }
  served.token = listen.token;
  const auto process = std::make_shared<Process>(served.env, conf);
  served.service = std::make_unique<RemoteService>(process, conf);
  served.local = std::make_shared<LocalDoor>();
  process->SetLocalDoor([door = served.local.get(), service = served.service.get()]() -> Result<std::string> {
    std::lock_guard lock(door->mutex);
    if (door->server != nullptr) return door->url;
    ConnectServerOptions options;
    options.token = NewSecret();
    SLUICE_ASSIGN(door->server, ConnectServer::Start(service, options));
    // Clients send what they do not know of an address as a header; a token of theirs would want TLS.
    door->url = fmt::format("sc://127.0.0.1:{}/;x-sluice-token={}", door->server->port(), options.token);
    return door->url;
  });
  SLUICE_ASSIGN(served.server, ConnectServer::Start(served.service.get(), listen));
  return served;
}

int ServedProcess::Stop() {
  const bool clean = service->Stop([] { return StopSignals() > 1; });
  if (!clean) std::_Exit(kBatchGivenUp);
  local->server = nullptr;
  server = nullptr;
  return kEndedWell;
}

}  // namespace sluice::cli
