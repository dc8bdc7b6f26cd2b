// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr int64_t kStep = 256 << 10;  // small pages take no lock of the table
constexpr int64_t kSpare = 1 << 20;   // more than this is given back when it is free

}  // namespace

void TableMemory::Enter(const Key& key) {
  std::lock_guard lock(mutex_);
  held_.emplace(key, 0);
}

void TableMemory::Leave(const Key& key) {
  int64_t held = 0;
  {
    std::lock_guard lock(mutex_);
    held = held_[key];
  }
  Give(key, held);
  {
    std::lock_guard lock(mutex_);
    held_.erase(key);
  }
  changed_.notify_all();
}

bool TableMemory::TakeLocked(const Key& key, int64_t bytes) {
  const auto& [first, held_by_first] = *held_.begin();
  const bool is_first = first == key;
  const bool within_share = is_first || total_ - held_by_first + bytes <= limit() / 2;
  const bool taken = budget_ == nullptr || (within_share && bytes <= limit() && budget_->TryTake(bytes));
  if (!taken) {
    if (!is_first || bytes > limit() / 4 - beyond_) return false;
    beyond_ += bytes;
  }
  held_[key] += bytes;
  total_ += bytes;
  return true;
}

bool TableMemory::TryTake(const Key& key, int64_t bytes) {
  std::lock_guard lock(mutex_);
  return TakeLocked(key, bytes);
}

Status TableMemory::Take(const Key& key, int64_t bytes, const std::atomic<bool>& cancelled) {
  std::unique_lock lock(mutex_);
  while (!cancelled) {
    if (TakeLocked(key, bytes)) return Status::OK();
    if (bytes > limit() || held_.begin()->first == key) {
      return EnvironmentError(
          "SLUICE_MEMORY_BUDGET",
          fmt::format("{} more bytes are needed besides {}, and {} of the memory budget of {} bytes "
                      "are in use. Raise spark.sluice.memory (or --memory), or read fewer columns.",
                      bytes, held_[key], budget_->used(), limit()));
    }
    changed_.wait(lock);
  }
  return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
}

void TableMemory::Give(const Key& key, int64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    held_[key] -= bytes;
    total_ -= bytes;
    const int64_t beyond = std::min(bytes, beyond_);
    beyond_ -= beyond;
    if (budget_ != nullptr && bytes > beyond) budget_->Give(bytes - beyond);
  }
  changed_.notify_all();
}

void TableMemory::Wake() {
  { std::lock_guard lock(mutex_); }  // not between a look at the flag and the wait
  changed_.notify_all();
}

ReaderMemory::ReaderMemory(TableMemory* table, int order, std::string path)
    : table_(table), key_(order, this), path_(std::move(path)) {
  if (table_ != nullptr) table_->Enter(key_);
}

ReaderMemory::~ReaderMemory() {
  if (table_ != nullptr) table_->Leave(key_);
}

Status ReaderMemory::Cover(int64_t more) {
  std::lock_guard lock(mutex_);
  const int64_t missing = used_ + more - held_;
  if (table_ != nullptr && missing > 0) {
    const int64_t stepped = std::max(missing, kStep);
    if (table_->TryTake(key_, stepped)) {
      held_ += stepped;
    } else {
      const Status taken = table_->Take(key_, missing, cancelled_);
      if (!taken.ok()) {
        const auto* error = FindSparkError(taken);
        failure_ = EnvironmentError(error->error_class, fmt::format("{} cannot be read: {}", path_, error->message),
                                    false, {{"path", path_}});
        return failure_;
      }
      held_ += missing;
    }
  }
  used_ += more;
  return Status::OK();
}

arrow::Status ReaderMemory::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  const Status covered = Cover(size);
  if (!covered.ok()) return arrow::Status::OutOfMemory(covered.message());
  const arrow::Status made = arrow::default_memory_pool()->Allocate(size, alignment, out);
  if (!made.ok()) Unclaim(size);
  return made;
}

arrow::Status ReaderMemory::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) {
  if (new_size > old_size) {
    const Status covered = Cover(new_size - old_size);
    if (!covered.ok()) return arrow::Status::OutOfMemory(covered.message());
  }
  const arrow::Status made = arrow::default_memory_pool()->Reallocate(old_size, new_size, alignment, ptr);
  if (made.ok() && new_size < old_size) Unclaim(old_size - new_size);
  if (!made.ok() && new_size > old_size) Unclaim(new_size - old_size);
  return made;
}

void ReaderMemory::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  arrow::default_memory_pool()->Free(buffer, size, alignment);
  Unclaim(size);
}

Status ReaderMemory::Claim(int64_t bytes) {
  return Cover(bytes);
}

bool ReaderMemory::TryClaim(int64_t bytes) {
  std::lock_guard lock(mutex_);
  const int64_t missing = used_ + bytes - held_;
  if (table_ != nullptr && missing > 0) {
    if (!table_->TryTake(key_, missing)) return false;
    held_ += missing;
  }
  used_ += bytes;
  return true;
}

void ReaderMemory::Unclaim(int64_t bytes) {
  std::lock_guard lock(mutex_);
  used_ -= bytes;
  const int64_t spare = held_ - used_;
  if (table_ == nullptr || spare <= kSpare) return;
  table_->Give(key_, spare - kStep);
  held_ -= spare - kStep;
}

Status ReaderMemory::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

void ReaderMemory::Cancel() {
  cancelled_ = true;
  if (table_ != nullptr) table_->Wake();
}

}  // namespace sluice
