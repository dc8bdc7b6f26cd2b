// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_directory.h"

#include <fmt/format.h>

#include <chrono>
#include <set>

#include "base/spark_error.h"
#include "streaming/running_query.h"

namespace sluice {
namespace {

bool Clash(const std::string& a, const std::string& b) {
  return !a.empty() && a == b;
}

std::string Holder(const std::shared_ptr<RunningQuery>& query) {
  if (query == nullptr) return "a query that is being started";
  return fmt::format("the active query {} (run {})", query->id(), query->run_id());
}

}  // namespace

QueryDirectory::QueryDirectory() = default;
QueryDirectory::~QueryDirectory() = default;

// A query that has ended has given its claim back, though its thread may not have said so yet: whoever saw the end may
// start the same query again.
bool QueryDirectory::IsActive(const Entry& entry) {
  return !entry.ended && (entry.query == nullptr || entry.query->IsActive());
}

Status QueryDirectory::CheckConflicts(const QueryClaim& claim) const {
  for (const auto& [ticket, entry] : entries_) {
    if (!IsActive(entry)) continue;
    if (claim.session == entry.claim.session && Clash(claim.name, entry.claim.name)) {
      return UserError(
          "SLUICE_QUERY_NAME_IN_USE",
          fmt::format("A streaming query named {} is active already; stop it or choose another name.", claim.name));
    }
    if (Clash(claim.checkpoint, entry.claim.checkpoint)) {
      return UserError("CONCURRENT_QUERY",
                       fmt::format("The checkpoint {} is in use by {}.", claim.checkpoint, Holder(entry.query)));
    }
    if (Clash(claim.sink_path, entry.claim.sink_path)) {
      return UserError("SLUICE_SINK_IN_USE",
                       fmt::format("The output folder {} is in use by {}: two queries in one folder would hide each "
                                   "other's batches.",
                                   claim.sink_path, Holder(entry.query)));
    }
  }
  return Status::OK();
}

Result<QueryDirectory::Ticket> QueryDirectory::Take(QueryClaim claim) {
  std::lock_guard lock(mutex_);
  SLUICE_RETURN_IF_ERROR(CheckConflicts(claim));
  const Ticket ticket = next_++;
  entries_[ticket].claim = std::move(claim);
  return ticket;
}

void QueryDirectory::Release(Ticket ticket) {
  std::lock_guard lock(mutex_);
  entries_.erase(ticket);
}

void QueryDirectory::Started(Ticket ticket, std::shared_ptr<RunningQuery> query) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(ticket);
  if (found != entries_.end()) found->second.query = std::move(query);
}

// All but the last ones, and but `kept`, whatever its age: its own thread calls, and could not wait for itself.
QueryDirectory::Queries QueryDirectory::TakeOutOldEnded(Ticket kept) {
  Queries old;
  size_t ended = 0;
  for (auto it = entries_.end(); it != entries_.begin();) {
    --it;
    if (!it->second.ended || it->second.query == nullptr || ++ended <= kKeptEnded || it->first == kept) continue;
    old.push_back(std::move(it->second.query));
    it = entries_.erase(it);
  }
  return old;
}

void QueryDirectory::Ended(Ticket ticket, const Status& result) {
  Queries old;  // goes after the lock: a query's destructor waits for its thread, which may wait here
  std::function<void()> on_end;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(ticket);
    if (found == entries_.end()) return;  // its session is gone
    found->second.ended = true;
    const auto [its, first] = terminated_.emplace(found->second.claim.session, result);
    if (!first && its->second.ok()) its->second = result;
    old = TakeOutOldEnded(ticket);
    changed_.notify_all();
    on_end = on_end_;
  }
  if (on_end) on_end();
}

void QueryDirectory::OnEnd(std::function<void()> ended) {
  std::lock_guard lock(mutex_);
  on_end_ = std::move(ended);
}

QueryDirectory::Queries QueryDirectory::Active(const std::string& session) const {
  std::lock_guard lock(mutex_);
  Queries active;
  for (const auto& [ticket, entry] : entries_) {
    const bool wanted = session.empty() || entry.claim.session == session;
    if (wanted && entry.query != nullptr && IsActive(entry)) active.push_back(entry.query);
  }
  return active;
}

std::shared_ptr<RunningQuery> QueryDirectory::Find(const std::string& session, const std::string& id) const {
  std::lock_guard lock(mutex_);
  std::shared_ptr<RunningQuery> newest;
  for (const auto& [ticket, entry] : entries_) {
    if (entry.query == nullptr || entry.claim.session != session) continue;
    if (entry.query->run_id() == id) return entry.query;
    if (entry.query->id() == id) newest = entry.query;
  }
  return newest;
}

std::vector<QuerySnapshot> QueryDirectory::Snapshots() const {
  Queries newest;
  {
    std::lock_guard lock(mutex_);
    std::set<std::string> seen;
    for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
      const auto& query = it->second.query;
      if (query != nullptr && seen.insert(query->id()).second) newest.push_back(query);
    }
  }
  std::vector<QuerySnapshot> snapshots;
  for (auto it = newest.rbegin(); it != newest.rend(); ++it) snapshots.push_back((*it)->snapshot());
  return snapshots;
}

Result<bool> QueryDirectory::AwaitAnyTermination(const std::string& session, std::optional<int64_t> timeout_ms) {
  std::unique_lock lock(mutex_);
  const auto any = [&] { return terminated_.count(session) > 0; };
  if (timeout_ms) {
    if (!changed_.wait_for(lock, std::chrono::milliseconds(*timeout_ms), any)) return false;
  } else {
    changed_.wait(lock, any);
  }
  SLUICE_RETURN_IF_ERROR(terminated_.at(session));
  return true;
}

void QueryDirectory::ResetTerminated(const std::string& session) {
  std::lock_guard lock(mutex_);
  terminated_.erase(session);
}

void QueryDirectory::RemoveSession(const std::string& session) {
  Queries its;  // destroyed after the lock
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](auto& item) {
    if (item.second.claim.session != session) return false;
    its.push_back(std::move(item.second.query));
    return true;
  });
  terminated_.erase(session);
}

}  // namespace sluice
