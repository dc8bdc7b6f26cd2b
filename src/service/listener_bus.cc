// SPDX-License-Identifier: Apache-2.0
#include "service/listener_bus.h"

#include <chrono>
#include <utility>

namespace sluice {

bool ListenerBus::on() const {
  std::lock_guard lock(mutex_);
  return on_;
}

int64_t ListenerBus::Open() {
  std::lock_guard lock(mutex_);
  on_ = true;
  events_.clear();
  bytes_ = 0;
  changed_.notify_all();
  return ++listener_;
}

void ListenerBus::Close() {
  std::lock_guard lock(mutex_);
  on_ = false;
  events_.clear();
  bytes_ = 0;
  changed_.notify_all();
}

void ListenerBus::Add(std::string progress_json) {
  std::lock_guard lock(mutex_);
  if (!on_) return;
  bytes_ += progress_json.size();
  events_.push_back(std::move(progress_json));
  while (events_.size() > kMost || (bytes_ > kMostBytes && events_.size() > 1)) {
    bytes_ -= events_.front().size();
    events_.pop_front();
  }
  changed_.notify_all();
}

bool ListenerBus::Take(int64_t listener, int64_t wait_ms, std::deque<std::string>* events) {
  std::unique_lock lock(mutex_);
  const auto over = [&] { return !on_ || listener != listener_; };
  changed_.wait_for(lock, std::chrono::milliseconds(wait_ms), [&] { return over() || !events_.empty(); });
  if (over()) return false;
  *events = std::exchange(events_, {});
  bytes_ = 0;
  return true;
}

}  // namespace sluice
