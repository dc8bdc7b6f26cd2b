// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "base/status.h"

namespace sluice {

// Threads for calls that may wait long. Each piece of work begins at once: on an idle thread, or on a new one. Idle
// threads end after a while. The destructor waits for all work. Thread-safe.
class WorkThreads {
 public:
  // More at a time are refused.
  static constexpr size_t kMost = 4000;

  WorkThreads() = default;
  ~WorkThreads();
  WorkThreads(const WorkThreads&) = delete;
  WorkThreads& operator=(const WorkThreads&) = delete;
  // SLUICE_TOO_MANY_OPERATIONS when there are kMost, or the system gives no thread more; `work` is dropped then.
  Status Run(std::function<void()> work);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable work_there_;
  std::condition_variable all_gone_;
  std::deque<std::function<void()>> work_;
  size_t idle_ = 0;
  size_t threads_ = 0;
  bool closed_ = false;
};

}  // namespace sluice
