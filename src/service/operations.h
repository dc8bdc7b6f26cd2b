// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "service/operation.h"

namespace sluice {

// Whether an operation id was seen, and what became of it.
enum class OperationFate { kUnknown, kRunning, kTerminating, kSucceeded, kFailed, kCancelled };

// The operations of one session. Thread-safe.
class Operations {
 public:
  // More operations than this at a time are refused.
  static constexpr size_t kMost = 256;
  // Of operations that are gone this many are remembered, so that their ids are not used again.
  static constexpr size_t kRemembered = 1000;
  // An operation that no client has asked for in this long is removed.
  static constexpr int64_t kAbandonedMs = 5 * 60 * 1000;

  // `memory` may be null (unlimited).
  explicit Operations(Clock* clock, std::shared_ptr<ResponseMemory> memory = nullptr)
      : clock_(clock), memory_(std::move(memory)) {}

  // A new operation, or the one with this id and plan that is there already (`*is_new` tells). Refused:
  // INVALID_HANDLE.OPERATION_ALREADY_EXISTS for an id with another plan, OPERATION_ABANDONED for one that is gone,
  // SESSION_CLOSED after Close.
  Result<std::shared_ptr<Operation>> Start(OperationKey key, bool* is_new);
  // Null when there is none, or not any more.
  std::shared_ptr<Operation> Find(const std::string& id) const;
  void Release(const std::string& id);

  // Each gives the ids of the operations that were stopped by this very call.
  std::vector<std::string> InterruptAll();
  std::vector<std::string> InterruptTag(const std::string& tag);
  std::vector<std::string> InterruptOne(const std::string& id);

  OperationFate FateOf(const std::string& id) const;
  // All that are known, oldest first.
  std::vector<std::string> Ids() const;
  size_t size() const;

  void Heartbeat();
  // Removes what was abandoned, and what lost its reader where none may attach again.
  void Expire();
  // Interrupts and forgets everything; nothing starts any more.
  void Close();

 private:
  std::vector<std::string> Interrupt(const std::function<bool(const Operation&)>& wanted);
  std::vector<std::shared_ptr<Operation>> All() const;
  void Remember(const std::string& id, OperationFate fate);  // under the lock

  Clock* const clock_;
  const std::shared_ptr<ResponseMemory> memory_;
  mutable std::mutex mutex_;
  int64_t next_ = 0;
  bool closed_ = false;
  struct Entry {
    int64_t number = 0;
    std::shared_ptr<Operation> operation;          // null: gone
    OperationFate fate = OperationFate::kUnknown;  // of one that is gone
  };
  std::map<std::string, Entry> entries_;
  std::map<int64_t, std::string> gone_;  // by number: the oldest are forgotten first
};

}  // namespace sluice
