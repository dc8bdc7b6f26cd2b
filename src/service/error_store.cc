// SPDX-License-Identifier: Apache-2.0
#include "service/error_store.h"

#include "env/env.h"

namespace sluice {

std::string ErrorStore::Keep(const Status& error) {
  if (error.message().size() > kLongest) return "";
  std::string id = env_->NewUuid();
  std::lock_guard lock(mutex_);
  entries_[next_++] = Entry{id, error, env_->clock().MonotonicNanos() / 1'000'000};
  if (entries_.size() > kMost) entries_.erase(entries_.begin());
  return id;
}

std::optional<Status> ErrorStore::Take(const std::string& id) {
  std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->second.id != id) continue;
    const bool fresh = env_->clock().MonotonicNanos() / 1'000'000 - entry->second.since_ms <= kKeptMs;
    Status error = std::move(entry->second.error);
    entries_.erase(entry);
    if (!fresh) return std::nullopt;
    return error;
  }
  return std::nullopt;
}

}  // namespace sluice
