// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "base/memory_budget.h"

namespace sluice {

// Bytes that a task needs for a while besides what it holds already, such as a record of many megabytes on its way.
// Whoever holds bytes cannot simply wait for more: all could wait for each other. Here somebody always goes on, since
// the only turn there is gets its bytes even when they are not free. While it has them a task must wait for nothing
// that another task's turn could hold up. One thread at a time, except Wake.
class MemoryTurn {
 public:
  // `budget` may be null (everything is granted) and must outlive this.
  explicit MemoryTurn(MemoryBudget* budget) : budget_(budget) {}
  ~MemoryTurn() { Release(); }
  MemoryTurn(const MemoryTurn&) = delete;
  MemoryTurn& operator=(const MemoryTurn&) = delete;

  int64_t held() const { return held_; }
  // Holds at least `bytes` in all afterwards, or is false and changes nothing. Does not wait.
  bool TryCover(int64_t bytes);
  // The same, waiting; what was held is given back first. False: `cancelled` was set, and Wake was called.
  bool Cover(int64_t bytes, const std::atomic<bool>& cancelled);
  // Lets a waiting Cover look at its flag. Any thread.
  void Wake();
  void Release();

 private:
  bool CoverLocked(int64_t bytes);

  MemoryBudget* const budget_;
  int64_t held_ = 0;
};

}  // namespace sluice
