// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_monitor.h"

#include <chrono>

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kLook(100);

}  // namespace

void QueryMonitor::SetStatus(std::string message, bool data_available, bool trigger_active) {
  std::lock_guard lock(mutex_);
  status_ = QueryStatus{std::move(message), data_available, trigger_active};
}

QueryStatus QueryMonitor::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void QueryMonitor::AddProgress(QueryProgress progress) {
  {
    std::lock_guard lock(mutex_);
    Alive();
    totals_.Add(progress);
    recent_.push_back(progress);
    while (recent_.size() > recent_limit_) recent_.pop_front();
  }
  if (listener_.progress) listener_.progress(progress);
}

// Under the lock.
void QueryMonitor::Alive() {
  alive_ns_ = clock_->MonotonicNanos();
  settled_ = true;
}

QueryTotals QueryMonitor::totals() const {
  std::lock_guard lock(mutex_);
  return totals_;
}

int64_t QueryMonitor::SilentMs() const {
  std::lock_guard lock(mutex_);
  return (clock_->MonotonicNanos() - alive_ns_) / 1'000'000;
}

bool QueryMonitor::settled() const {
  std::lock_guard lock(mutex_);
  return settled_;
}

std::vector<QueryProgress> QueryMonitor::recent() const {
  std::lock_guard lock(mutex_);
  return {recent_.begin(), recent_.end()};
}

std::optional<QueryProgress> QueryMonitor::last() const {
  std::lock_guard lock(mutex_);
  if (recent_.empty()) return std::nullopt;
  return recent_.back();
}

void QueryMonitor::NoNewData() {
  {
    std::lock_guard lock(mutex_);
    Alive();
    ++idle_count_;
  }
  changed_.notify_all();
  if (listener_.no_new_data) listener_.no_new_data();
}

void QueryMonitor::AwaitNoNewData(const std::function<bool()>& given_up) {
  std::unique_lock lock(mutex_);
  // The look that is under way may have begun before this call: the one after it counts.
  const int64_t wanted = idle_count_ + 2;
  const auto come = [&] { return ended_ || idle_count_ >= wanted; };
  while (!changed_.wait_for(lock, kLook, come)) {
    if (given_up != nullptr && given_up()) return;
  }
}

void QueryMonitor::Ended() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (listener_.ended) listener_.ended();
}

}  // namespace sluice
