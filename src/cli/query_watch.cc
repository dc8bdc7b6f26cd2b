// SPDX-License-Identifier: Apache-2.0
#include "cli/query_watch.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "base/log_context.h"
#include "base/logging.h"
#include "base/terminal_line.h"
#include "cli/global_options.h"
#include "session/session.h"
#include "streaming/running_query.h"

namespace sluice::cli {
namespace {

// How long a signal may go unnoticed.
constexpr int64_t kLookMs = 50;

volatile std::sig_atomic_t stop_signals = 0;
volatile std::sig_atomic_t last_signal = 0;

void Say(const std::string& text) {
  if (LogsAreJson()) {
    LogLine(LogLevel::kWarn, text);
  } else {
    ClearTerminalLine();
    std::cerr << "sluice: " << text << std::endl;
  }
}

void OnStopSignal(int number) {
  last_signal = number;
  stop_signals = stop_signals + 1;
}

}  // namespace

void CatchStopSignals() {
  struct sigaction action = {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;  // no call of a batch that runs may fail for it
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

int StopSignals() {
  return stop_signals;
}

int LastStopSignal() {
  return last_signal;
}

void AwaitStopSignal() {
  while (StopSignals() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(kLookMs));
}

void AwaitStart(const std::future<void>& done) {
  // What answers within this time is let finish, so that connections are closed in order.
  constexpr int kLooks = 10;
  for (int looks = 0; done.wait_for(std::chrono::milliseconds(kLookMs)) != std::future_status::ready;) {
    if (StopSignals() == 0) continue;
    if (++looks < kLooks && StopSignals() == 1) continue;
    Say("stopped while the query was starting; no batch was run");
    std::_Exit(kEndedWell);
  }
}

int WatchQuery(Session* session, const std::shared_ptr<RunningQuery>& query, const std::function<void()>& waiting) {
  for (;;) {
    const Result<bool> ended = query->AwaitTermination(kLookMs);
    if (!ended.ok()) return Fail(ended.status(), kQueryFailed);
    if (*ended) return kEndedWell;
    if (StopSignals() == 0) {
      if (waiting && query->idle()) waiting();
      continue;
    }
    const bool clean = session->queries().StopAll([] { return StopSignals() > 1; });
    if (const auto failure = query->exception()) return Fail(*failure, kQueryFailed);
    const auto last = query->last_progress();
    if (clean) {
      Say(last ? fmt::format("stopped after batch {}; a restart goes on with {}", last->batch_id, last->batch_id + 1)
               : std::string("stopped; no batch was run"));
      if (query->IsActive()) std::_Exit(kEndedWell);
      return kEndedWell;
    }
    Say("the running batch was given up; a restart runs it again");
    if (query->IsActive()) std::_Exit(kBatchGivenUp);
    return kBatchGivenUp;
  }
}

}  // namespace sluice::cli
