// SPDX-License-Identifier: Apache-2.0
#include "cli/served_process.h"

#include <cstdlib>

#include "base/redaction.h"
#include "cli/query_watch.h"
#include "conf/conf.h"
#include "env/env.h"
#include "session/process.h"

namespace sluice::cli {

Result<ServedProcess> ServedProcess::Start(const GlobalOptions& global, ConnectServerOptions listen, bool with_token) {
  ServedProcess served;
  SLUICE_ASSIGN(served.env, StartEnv(global));
  SLUICE_ASSIGN(const Conf conf, ConfOf(global));
  if (with_token) {
    listen.token = served.env->NewUuid() + served.env->NewUuid();
    RegisterSecret(listen.token);
  }
  served.token = listen.token;
  served.service = std::make_unique<RemoteService>(std::make_shared<Process>(served.env, conf), conf);
  SLUICE_ASSIGN(served.server, ConnectServer::Start(served.service.get(), listen));
  return served;
}

int ServedProcess::Stop() {
  const bool clean = service->Stop([] { return StopSignals() > 1; });
  if (!clean) std::_Exit(kBatchGivenUp);
  server = nullptr;
  return kEndedWell;
}

}  // namespace sluice::cli
