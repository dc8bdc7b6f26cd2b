// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace sluice {

class MemoryBudget;

// What the readers of one query know of its large records: how large the largest is that is to be expected in a
// partition which is not open yet. Shared by them. Thread-safe.
class LargeRecords {
 public:
  // Readers wait for `budget` before they hold a large record; null: they do not.
  explicit LargeRecords(MemoryBudget* budget) : budget_(budget) {}
  MemoryBudget* budget() const { return budget_; }

  void Saw(int64_t bytes) {
    int64_t most = seen_;
    while (bytes > most && !seen_.compare_exchange_weak(most, bytes)) {
    }
  }
  // The largest one of this batch and the last, or 0.
  int64_t expected() const { return std::max(seen_.load(), seen_before_.load()); }
  void BeginBatch() { seen_before_ = seen_.exchange(0); }

 private:
  MemoryBudget* const budget_;
  std::atomic<int64_t> seen_{0};
  std::atomic<int64_t> seen_before_{0};
};

// What a reader needs for a record of that size: its copy in a slice, and the next one, which is fetched meanwhile.
inline int64_t BytesForLargeRecord(int64_t bytes) {
  return 2 * bytes;
}

}  // namespace sluice
