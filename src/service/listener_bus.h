// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
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
  // From now on events are kept for the caller, who takes the place of any listener before it. `wake` (may be null) is
  // called, under no lock, when there is one more, and when the time is over.
  int64_t Open(std::function<void()> wake);
  void Close();
  void Add(std::string progress_json);
  // Whether this listener's time is not over.
  bool IsOpen(int64_t listener) const;
  // The events so far; none when this listener's time is over.
  std::deque<std::string> Take(int64_t listener);

 private:
  mutable std::mutex mutex_;
  bool on_ = false;
  int64_t listener_ = 0;
  std::function<void()> wake_;
  std::deque<std::string> events_;
  size_t bytes_ = 0;
};

}  // namespace sluice
