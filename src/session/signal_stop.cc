// SPDX-License-Identifier: Apache-2.0
#include "session/signal_stop.h"

#include <fmt/format.h>

#include <chrono>

#include "base/logging.h"
#include "base/stop_signals.h"
#include "streaming/query_directory.h"
#include "streaming/running_query.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kLook(50);

}  // namespace

SignalStop::SignalStop(QueryDirectory* queries) : queries_(queries) {
  CatchStopSignals();
  watch_ = std::thread([this] { Watch(); });
}

SignalStop::~SignalStop() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  watch_.join();
}

void SignalStop::Watch() {
  int seen = StopSignals();
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kLook, [this] { return over_; })) {
    if (StopSignals() == seen) continue;
    seen = StopSignals();
    lock.unlock();
    StopAll(seen);
    lock.lock();
  }
}

void SignalStop::StopAll(int signals) {
  const QueryDirectory::Queries active = queries_->Active("");
  if (active.empty()) EndByStopSignal();
  for (const auto& query : active) query->RequestStop();
  for (const auto& query : active) {
    (void)query->Stop([signals] { return StopSignals() > signals; });
    Log(LogLevel::kWarn, "{}: {}", query->name().empty() ? query->id() : query->name(), WhereItStopped(*query));
  }
}

}  // namespace sluice
