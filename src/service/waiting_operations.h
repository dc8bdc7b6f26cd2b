// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "service/operation.h"

namespace sluice {

// What an operation waits for.
struct Wait {
  // Nothing while it goes on, else how the operation ended. Called on one thread at a time; must not block.
  std::function<std::optional<Status>()> look;
  std::optional<int64_t> until_ms;  // monotonic: there is a look no later than then
};

// Operations that wait for something to happen, all on one thread: that many clients may wait for the end of a query,
// or listen to queries, without a thread each. The thread begins with the first of them. Thread-safe.
class WaitingOperations {
 public:
  explicit WaitingOperations(Clock* clock) : clock_(clock) {}
  ~WaitingOperations() { Close(); }
  WaitingOperations(const WaitingOperations&) = delete;
  WaitingOperations& operator=(const WaitingOperations&) = delete;

  // There is a look at once, after each Wake, and every 100 ms.
  void Add(std::shared_ptr<Operation> operation, Wait wait);
  // Ends what still waits, and what comes later, with OPERATION_CANCELED.
  void Close();
  // Something happened that may end a wait. Cheap, and never blocks.
  void Wake();

 private:
  struct Waiting {
    std::shared_ptr<Operation> operation;
    Wait wait;
  };

  void Loop();
  void LookAtAll(std::vector<Waiting>* waiting) const;
  int64_t MsToNextLook(const std::vector<Waiting>& waiting) const;
  int64_t NowMs() const { return clock_->MonotonicNanos() / 1'000'000; }

  Clock* const clock_;
  std::mutex mutex_;
  std::condition_variable news_there_;
  bool news_ = false;
  bool closed_ = false;
  std::vector<Waiting> added_;
  std::thread thread_;
};

// Ends an operation as its client expects it: with result_complete when it is reattachable.
void EndOperation(Operation* operation, Status result);

}  // namespace sluice
