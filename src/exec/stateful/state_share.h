// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/memory_budget.h"
#include "base/status.h"

namespace sluice {

// What the state of one operator has taken from the memory budget: half of it at most, so that the tasks of a batch
// find the rest. Nobody waits here: a partition that finds no room is spilled, and needs a window only while a task
// works on it. Windows shrink with the room there is, down to what is reserved for them from the start. Thread-safe.
class StateShare {
 public:
  // `budget` may be null: everything fits.
  StateShare(MemoryBudget* budget, std::string what, int partitions);
  ~StateShare();
  StateShare(const StateShare&) = delete;
  StateShare& operator=(const StateShare&) = delete;

  // Reserves the least windows. SLUICE_MEMORY_BUDGET when there is no room for them.
  Status Reserve();
  // Takes memory for what a partition has on the heap. False: there is none, and nothing changed. Less always fits.
  bool CoverHeap(int partition, int64_t bytes);
  // Whether so much of a spilled partition would fit on the heap again, with room to grow.
  bool FitsAgain(int64_t bytes) const;
  // Memory for a spilled partition to be worked with.
  int64_t TakeWindow(int partition);
  void GiveWindow(int partition);

 private:
  struct Held {
    int64_t heap = 0;
    int64_t window = 0;
  };
  int64_t half() const { return budget_->limit() / 2; }
  // Under the lock: holds at least so much of the budget, or is false; gives back what is more.
  bool Hold(int64_t bytes);
  void ShrinkTo(int64_t bytes);

  MemoryBudget* const budget_;
  const std::string what_;
  const int64_t least_window_;  // of a partition
  const int64_t reserved_;      // for windows
  mutable std::mutex mutex_;    // of what follows
  int64_t taken_ = 0;           // of the budget
  std::vector<Held> held_;      // by partition
  int64_t heap_ = 0;            // of all of them
  int64_t windows_ = 0;
};

}  // namespace sluice
