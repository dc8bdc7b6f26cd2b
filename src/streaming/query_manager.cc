// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_manager.h"

#include <fmt/format.h>

#include <chrono>

#include "base/spark_error.h"

namespace sluice {

QueryManager::~QueryManager() {
  std::map<std::string, std::shared_ptr<RunningQuery>> queries;
  {
    std::lock_guard lock(mutex_);
    queries.swap(queries_);
    terminated_.clear();
  }
  queries.clear();
}

Status QueryManager::CheckConflicts(const QuerySpec& spec) const {
  for (const auto& [run_id, query] : queries_) {
    if (!query->IsActive()) continue;
    if (!spec.name.empty() && query->name() == spec.name) {
      return UserError(
          "SLUICE_QUERY_NAME_IN_USE",
          fmt::format("A streaming query named {} is active already; stop it or choose another name.", spec.name));
    }
    if (!spec.checkpoint.empty() && query->checkpoint() == spec.checkpoint) {
      return UserError("CONCURRENT_QUERY", fmt::format("The checkpoint {} is in use by the active query {} (run {}).",
                                                       spec.checkpoint, query->id(), run_id));
    }
    const auto path = sink_paths_.find(run_id);
    if (!spec.sink_path.empty() && path != sink_paths_.end() && path->second == spec.sink_path) {
      return UserError("SLUICE_SINK_IN_USE",
                       fmt::format("The output folder {} is in use by the active query {} (run {}): two queries in one "
                                   "folder would hide each other's batches.",
                                   spec.sink_path, query->id(), run_id));
    }
  }
  return Status::OK();
}

Result<std::shared_ptr<RunningQuery>> QueryManager::Start(QuerySpec spec,
                                                          std::function<void(const QueryProgress&)> listener) {
  {
    std::lock_guard lock(mutex_);
    SLUICE_RETURN_IF_ERROR(CheckConflicts(spec));
  }
  const std::string sink_path = spec.sink_path;
  const auto ended = [this] {
    { std::lock_guard lock(mutex_); }
    changed_.notify_all();
  };
  SLUICE_ASSIGN(auto query, RunningQuery::Start(std::move(spec), resources_, std::move(listener), ended));
  std::lock_guard lock(mutex_);
  queries_[query->run_id()] = query;
  if (!sink_path.empty()) sink_paths_[query->run_id()] = sink_path;
  terminated_.push_back(query);
  return query;
}

std::vector<std::shared_ptr<RunningQuery>> QueryManager::Active() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<RunningQuery>> active;
  for (const auto& [run_id, query] : queries_) {
    if (query->IsActive()) active.push_back(query);
  }
  return active;
}

std::shared_ptr<RunningQuery> QueryManager::Find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = queries_.find(id);
  if (found != queries_.end()) return found->second;
  for (const auto& [run_id, query] : queries_) {
    if (query->id() == id) return query;
  }
  return nullptr;
}

Result<bool> QueryManager::AwaitAnyTermination(std::optional<int64_t> timeout_ms) {
  std::unique_lock lock(mutex_);
  std::shared_ptr<RunningQuery> first;
  const auto any_ended = [&] {
    for (const auto& query : terminated_) {
      if (!query->IsActive()) {
        first = query;
        return true;
      }
    }
    return false;
  };
  if (timeout_ms) {
    if (!changed_.wait_for(lock, std::chrono::milliseconds(*timeout_ms), any_ended)) return false;
  } else {
    changed_.wait(lock, any_ended);
  }
  lock.unlock();
  return first->AwaitTermination(0);
}

void QueryManager::ResetTerminated() {
  std::lock_guard lock(mutex_);
  std::erase_if(terminated_, [](const std::shared_ptr<RunningQuery>& query) { return !query->IsActive(); });
}

bool QueryManager::StopAll(const std::function<bool()>& in_a_hurry) {
  const std::vector<std::shared_ptr<RunningQuery>> active = Active();
  for (const auto& query : active) query->RequestStop();
  bool clean = true;
  for (const auto& query : active) {
    clean &= query->Stop(in_a_hurry).ok() && !query->gave_up();
  }
  return clean;
}

}  // namespace sluice
