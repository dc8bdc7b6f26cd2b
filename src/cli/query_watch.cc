// SPDX-License-Identifier: Apache-2.0
#include "cli/query_watch.h"

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "base/log_context.h"
#include "base/logging.h"
#include "cli/global_options.h"
#include "session/session.h"
#include "streaming/running_query.h"

namespace sluice::cli {
namespace {

// How long a signal may go unnoticed.
constexpr int64_t kLookMs = 50;

volatile std::sig_atomic_t stop_signals = 0;

void Say(const char* text) {
  if (LogsAreJson()) {
    LogLine(LogLevel::kWarn, text);
  } else {
    std::cerr << "sluice: " << text << std::endl;
  }
}

void OnStopSignal(int) {
  stop_signals = stop_signals + 1;
}

}  // namespace

void CatchStopSignals() {
  struct sigaction action = {};
  action.sa_handler = OnStopSignal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool StopSignalled() {
  return stop_signals > 0;
}

int WatchQuery(Session* session, const std::shared_ptr<RunningQuery>& query) {
  for (;;) {
    const Result<bool> ended = query->AwaitTermination(kLookMs);
    if (!ended.ok()) return Fail(ended.status(), kQueryFailed);
    if (*ended) return kEndedWell;
    if (!StopSignalled()) continue;
    const bool clean = session->queries().StopAll();
    if (const auto failure = query->exception()) return Fail(*failure, kQueryFailed);
    if (clean) return kEndedWell;
    Say("the running batch was given up; a restart runs it again");
    if (query->IsActive()) std::_Exit(kBatchGivenUp);
    return kBatchGivenUp;
  }
}

}  // namespace sluice::cli
