// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace sluice {

// What happened to the streaming queries of a session, on its way to the listeners of a client. A query never waits for
// them: without a listener events are dropped, and of too many the oldest. Thread-safe.
class ListenerBus {
 public:
  static constexpr size_t kMost = 10'000;
  static constexpr size_t kMostBytes = 8 << 20;

  bool on() const;
  // From now on events are kept for the caller, who takes the place of any listener before it.
  int64_t Open();
  void Close();
  void Add(std::string progress_json);
  // The events so far, waiting up to `wait_ms` for one. False when this listener's time is over.
  bool Take(int64_t listener, int64_t wait_ms, std::deque<std::string>* events);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool on_ = false;
  int64_t listener_ = 0;
  std::deque<std::string> events_;
  size_t bytes_ = 0;
};

}  // namespace sluice
