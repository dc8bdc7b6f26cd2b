// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/status.h"

namespace sluice {

// The one budget of accounted bytes of a process (spark.sluice.memory). Tasks wait for bytes rather than change any
// bound of what they write. Bytes are of three kinds:
//   of tasks    taken by Take, which waits, and given back when the task ends
//   held        rows that must stay, by TryHold: state, a sort, a table of a join. Three quarters of the budget at most
//   standing    what a query holds as long as it lives, by TakeStanding: a quarter at most
// Nobody waits for ever: who waits for bytes of tasks gets them when other tasks end, and when held and standing bytes
// alone leave too few, it waits no longer than for `patience`. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t limit, std::chrono::milliseconds patience = std::chrono::seconds(30))
      : limit_(limit), patience_(patience) {}
  int64_t limit() const { return limit_; }
  int64_t used() const { return used_.load(); }
  int64_t peak() const { return peak_.load(); }

  // Waits until `bytes` are free. More than the whole budget is an error that names the setting, and so is it when
  // what is held and standing leaves too few for as long as `patience`.
  // A caller must not hold other bytes that only it can free while it waits; take everything in one call.
  Status Take(int64_t bytes);
  bool TryTake(int64_t bytes);
  void Give(int64_t bytes);
  bool TryHold(int64_t bytes);
  void GiveHeld(int64_t bytes);

  // For what a query holds as long as it lives, above all its fetched data. All of these together get a quarter of the
  // budget, so that tasks always find the rest: the first up to all that it wants, each further one at most a quarter
  // of what is left of it, but not below `least`. Nothing left is an error that names the setting. The result is how
  // many bytes were taken.
  Result<int64_t> TakeStanding(int64_t wanted, int64_t least);
  void GiveStanding(int64_t bytes);

 private:
  friend class MemoryTurn;
  Result<int64_t> StandingShare(int64_t wanted, int64_t least);
  void AddUsed(int64_t bytes);  // under the lock

  const int64_t limit_;
  const std::chrono::milliseconds patience_;
  std::atomic<int64_t> used_{0};
  std::atomic<int64_t> peak_{0};
  std::mutex mutex_;
  std::condition_variable freed_;
  int64_t standing_ = 0;  // of used_, or about to be
  int64_t held_ = 0;      // of used_
  int turns_ = 0;         // MemoryTurns that hold bytes
};

}  // namespace sluice
