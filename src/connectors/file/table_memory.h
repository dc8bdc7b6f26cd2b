// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/memory_pool.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/memory_budget.h"
#include "base/status.h"

namespace sluice {

class ReaderMemory;

// Shares the memory budget out among the open readers of one table. Readers hold what they decode, so that none of them
// can simply wait for the others: all could wait for each other. Here the reader of the first open task never waits,
// and may pass the budget by a quarter; those of later tasks together hold at most half of the budget, and wait for
// more until it is free or they are the first. Thread-safe.
class TableMemory {
 public:
  // `budget` may be null (unlimited) and must outlive this.
  explicit TableMemory(MemoryBudget* budget) : budget_(budget) {}
  int64_t limit() const { return budget_ == nullptr ? INT64_MAX : budget_->limit(); }

 private:
  friend class ReaderMemory;
  using Key = std::pair<int, const ReaderMemory*>;  // by the order of the tasks

  void Enter(const Key& key);
  void Leave(const Key& key);
  // SLUICE_MEMORY_BUDGET when the bytes cannot be had, OPERATION_CANCELED when `cancelled` was set and Wake called.
  Status Take(const Key& key, int64_t bytes, const std::atomic<bool>& cancelled);
  bool TryTake(const Key& key, int64_t bytes);
  void Give(const Key& key, int64_t bytes);
  bool TakeLocked(const Key& key, int64_t bytes);
  void Wake();

  MemoryBudget* const budget_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, int64_t> held_;
  int64_t total_ = 0;
  int64_t beyond_ = 0;  // of total_: by so much the first has passed the budget
};

// The memory of one reader: the pool from which Parquet's pages and dictionaries come, and claims for what the reader
// holds besides. An allocation that is refused fails as Arrow's do; `failure` then says why. Thread-safe.
class ReaderMemory : public arrow::MemoryPool {
 public:
  // `order`: of the reader's task; `path`: its file, for errors. `table` may be null (unlimited).
  ReaderMemory(TableMemory* table, int order, std::string path);
  ~ReaderMemory() override;
  ReaderMemory(const ReaderMemory&) = delete;
  ReaderMemory& operator=(const ReaderMemory&) = delete;

  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
  int64_t bytes_allocated() const override { return used_; }
  int64_t total_bytes_allocated() const override { return used_; }
  int64_t num_allocations() const override { return 0; }
  std::string backend_name() const override { return "sluice"; }

  // Of the whole budget.
  int64_t limit() const { return table_ == nullptr ? INT64_MAX : table_->limit(); }
  // Counts bytes that are allocated elsewhere, or no longer counts them.
  Status Claim(int64_t bytes);
  bool TryClaim(int64_t bytes);
  void Unclaim(int64_t bytes);
  // The last refusal, if there was one.
  Status failure() const;
  // Ends a wait for memory. Any thread.
  void Cancel();

 private:
  Status Cover(int64_t more);

  TableMemory* const table_;
  const TableMemory::Key key_;
  const std::string path_;
  mutable std::mutex mutex_;
  std::atomic<int64_t> used_{0};
  int64_t held_ = 0;  // taken from the table's share; at least used_, in steps
  Status failure_;
  std::atomic<bool> cancelled_{false};
};

// Bytes that one holder claims, as many as it said last.
class MemoryClaim {
 public:
  explicit MemoryClaim(ReaderMemory* memory) : memory_(memory) {}
  ~MemoryClaim() { memory_->Unclaim(bytes_); }
  MemoryClaim(const MemoryClaim&) = delete;
  MemoryClaim& operator=(const MemoryClaim&) = delete;

  Status Set(int64_t bytes) {
    if (bytes > bytes_) SLUICE_RETURN_IF_ERROR(memory_->Claim(bytes - bytes_));
    if (bytes < bytes_) memory_->Unclaim(bytes_ - bytes);
    bytes_ = bytes;
    return Status::OK();
  }
  bool TrySet(int64_t bytes) {
    if (bytes > bytes_ && !memory_->TryClaim(bytes - bytes_)) return false;
    if (bytes < bytes_) memory_->Unclaim(bytes_ - bytes);
    bytes_ = bytes;
    return true;
  }
  int64_t bytes() const { return bytes_; }

 private:
  ReaderMemory* const memory_;
  int64_t bytes_ = 0;
};

}  // namespace sluice
