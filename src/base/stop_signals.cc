// SPDX-License-Identifier: Apache-2.0
#include "base/stop_signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace sluice {
namespace {

std::atomic<bool> caught{false};
// Lock-free, so that a handler may write them.
std::atomic<int> stop_signals{0};
std::atomic<int> last_signal{0};

void OnStopSignal(int number) {
  last_signal = number;
  ++stop_signals;
}

void Handle(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

void CatchStopSignals() {
  caught = true;
  Handle(OnStopSignal);
}

bool StopSignalsAreCaught() {
  return caught;
}

int StopSignals() {
  return stop_signals;
}

int LastStopSignal() {
  return last_signal;
}

void EndByStopSignal() {
  Handle(SIG_DFL);
  ::kill(::getpid(), last_signal);
  for (;;) ::pause();
}

}  // namespace sluice
