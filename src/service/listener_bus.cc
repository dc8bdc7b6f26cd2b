// SPDX-License-Identifier: Apache-2.0
#include "service/listener_bus.h"

#include <utility>

namespace sluice {

bool ListenerBus::on() const {
  std::lock_guard lock(mutex_);
  return on_;
}

int64_t ListenerBus::Open(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  on_ = true;
  wake_ = std::move(wake);
  events_.clear();
  bytes_ = 0;
  return ++listener_;
}

void ListenerBus::Close() {
  std::function<void()> wake;
  {
    std::lock_guard lock(mutex_);
    on_ = false;
    wake = std::exchange(wake_, nullptr);
    events_.clear();
    bytes_ = 0;
  }
  if (wake) wake();
}

void ListenerBus::Add(std::string progress_json) {
  std::function<void()> wake;
  {
    std::lock_guard lock(mutex_);
    if (!on_) return;
    bytes_ += progress_json.size();
    events_.push_back(std::move(progress_json));
    while (events_.size() > kMost || (bytes_ > kMostBytes && events_.size() > 1)) {
      bytes_ -= events_.front().size();
      events_.pop_front();
    }
    wake = wake_;
  }
  if (wake) wake();
}

bool ListenerBus::IsOpen(int64_t listener) const {
  std::lock_guard lock(mutex_);
  return on_ && listener == listener_;
}

std::deque<std::string> ListenerBus::Take(int64_t listener) {
  std::lock_guard lock(mutex_);
  if (!on_ || listener != listener_) return {};
  bytes_ = 0;
  return std::exchange(events_, {});
}

}  // namespace sluice
