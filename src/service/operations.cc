// SPDX-License-Identifier: Apache-2.0
#include "service/operations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"

namespace sluice {
namespace {

Status BadHandle(const std::string& reason, const std::string& id, const std::string& words) {
  return UserError("INVALID_HANDLE." + reason, fmt::format("The handle {} is invalid. {}", id, words),
                   {{"handle", id}});
}

OperationFate FateOfState(OperationState state) {
  switch (state) {
    case OperationState::kRunning:
      return OperationFate::kRunning;
    case OperationState::kTerminating:
      return OperationFate::kTerminating;
    case OperationState::kSucceeded:
      return OperationFate::kSucceeded;
    case OperationState::kFailed:
      return OperationFate::kFailed;
    case OperationState::kCancelled:
      return OperationFate::kCancelled;
  }
  return OperationFate::kUnknown;
}

}  // namespace

Result<std::shared_ptr<Operation>> Operations::Start(OperationKey key, bool* is_new) {
  if (size() >= kMost) Expire();
  std::lock_guard lock(mutex_);
  *is_new = false;
  // A call may have found the session just before it was released.
  if (closed_) return BadHandle("SESSION_CLOSED", key.session_id, "Session was closed.");
  const auto found = entries_.find(key.id);
  if (found != entries_.end()) {
    const std::shared_ptr<Operation>& operation = found->second.operation;
    if (operation == nullptr) return BadHandle("OPERATION_ABANDONED", key.id, "Operation was considered abandoned.");
    if (operation->key().plan == key.plan) return operation;
    return BadHandle("OPERATION_ALREADY_EXISTS", key.id, "Operation already exists.");
  }
  if (entries_.size() - gone_.size() >= kMost) {
    return UserError("SLUICE_TOO_MANY_OPERATIONS",
                     fmt::format("This session has {} operations already; let some of them end first.", kMost));
  }
  const std::string id = key.id;
  auto operation = std::make_shared<Operation>(std::move(key), clock_, memory_);
  entries_[id] = Entry{next_++, operation, OperationFate::kUnknown};
  *is_new = true;
  return operation;
}

std::shared_ptr<Operation> Operations::Find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.operation;
}

void Operations::Remember(const std::string& id, OperationFate fate) {
  Entry& entry = entries_[id];
  entry.operation = nullptr;
  entry.fate = fate;
  gone_[entry.number] = id;
  if (gone_.size() <= kRemembered) return;
  entries_.erase(gone_.begin()->second);
  gone_.erase(gone_.begin());
}

void Operations::Release(const std::string& id) {
  const std::shared_ptr<Operation> operation = Find(id);
  if (operation == nullptr) return;
  operation->ReleaseAll();
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.operation != operation) return;
  // What was released while it ran ends as cancelled.
  const OperationFate fate = FateOfState(operation->state());
  Remember(id, fate == OperationFate::kTerminating ? OperationFate::kCancelled : fate);
}

std::vector<std::shared_ptr<Operation>> Operations::All() const {
  std::lock_guard lock(mutex_);
  std::map<int64_t, std::shared_ptr<Operation>> ordered;
  for (const auto& [id, entry] : entries_) {
    if (entry.operation != nullptr) ordered[entry.number] = entry.operation;
  }
  std::vector<std::shared_ptr<Operation>> all;
  all.reserve(ordered.size());
  for (auto& [number, operation] : ordered) all.push_back(std::move(operation));
  return all;
}

std::vector<std::string> Operations::Interrupt(const std::function<bool(const Operation&)>& wanted) {
  std::vector<std::string> stopped;
  for (const auto& operation : All()) {
    if (wanted(*operation) && operation->Interrupt()) stopped.push_back(operation->key().id);
  }
  return stopped;
}

std::vector<std::string> Operations::InterruptAll() {
  return Interrupt([](const Operation&) { return true; });
}

std::vector<std::string> Operations::InterruptTag(const std::string& tag) {
  return Interrupt([&](const Operation& operation) {
    const auto& tags = operation.key().tags;
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  });
}

std::vector<std::string> Operations::InterruptOne(const std::string& id) {
  return Interrupt([&](const Operation& operation) { return operation.key().id == id; });
}

OperationFate Operations::FateOf(const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return OperationFate::kUnknown;
  const auto& operation = found->second.operation;
  return operation == nullptr ? found->second.fate : FateOfState(operation->state());
}

std::vector<std::string> Operations::Ids() const {
  std::lock_guard lock(mutex_);
  std::map<int64_t, std::string> ordered;
  for (const auto& [id, entry] : entries_) ordered[entry.number] = id;
  std::vector<std::string> ids;
  ids.reserve(ordered.size());
  for (auto& [number, id] : ordered) ids.push_back(std::move(id));
  return ids;
}

size_t Operations::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size() - gone_.size();
}

void Operations::Heartbeat() {
  for (const auto& operation : All()) operation->Heartbeat();
}

void Operations::Expire() {
  for (const auto& operation : All()) {
    if (operation->IsLost() || operation->IdleMs() > kAbandonedMs) Release(operation->key().id);
  }
}

void Operations::Close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  for (const auto& operation : All()) Release(operation->key().id);
}

}  // namespace sluice
