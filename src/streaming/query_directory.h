// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "streaming/query_snapshot.h"

namespace sluice {

class RunningQuery;

// What a start takes for itself: no second active query of the session may have the name, and none of the process the
// checkpoint or the output folder. Empty: none.
struct QueryClaim {
  std::string session;
  std::string name;
  std::string checkpoint;
  std::string sink_path;
};

// All streaming queries of a process: the active ones, and the last ones that ended. Thread-safe.
class QueryDirectory {
 public:
  using Ticket = int64_t;
  using Queries = std::vector<std::shared_ptr<RunningQuery>>;
  // Of ended queries this many are kept, so that a client may still ask how they ended.
  static constexpr size_t kKeptEnded = 100;

  QueryDirectory();
  ~QueryDirectory();

  // Before a query opens anything. Of two starts at the same time one is refused: SLUICE_QUERY_NAME_IN_USE,
  // CONCURRENT_QUERY or SLUICE_SINK_IN_USE. The claim lasts until Release or Ended.
  Result<Ticket> Take(QueryClaim claim);
  // The start failed.
  void Release(Ticket ticket);
  // The query runs. It may have ended already.
  void Started(Ticket ticket, std::shared_ptr<RunningQuery> query);
  // By the query's thread, as its last act.
  void Ended(Ticket ticket, const Status& result);

  // `ended` is called, on a query's thread, after each end, when everybody who asks sees it. One; a later one takes its
  // place.
  void OnEnd(std::function<void()> ended);

  // Oldest first. An empty session means all.
  Queries Active(const std::string& session) const;
  // By run id, else the newest of that id; null when there is none. Recently ended ones are found too.
  std::shared_ptr<RunningQuery> Find(const std::string& session, const std::string& id) const;
  // One a query id, the newest run.
  std::vector<QuerySnapshot> Snapshots() const;

  // Waits until a query of the session ends, or has ended since ResetTerminated. False: time ran out. The error is that
  // of a query that failed, if any did.
  Result<bool> AwaitAnyTermination(const std::string& session, std::optional<int64_t> timeout_ms);
  void ResetTerminated(const std::string& session);

  // Forgets the session and gives up what it still runs.
  void RemoveSession(const std::string& session);

 private:
  struct Entry {
    QueryClaim claim;
    std::shared_ptr<RunningQuery> query;  // null: still opening
    bool ended = false;
  };

  static bool IsActive(const Entry& entry);
  Status CheckConflicts(const QueryClaim& claim) const;
  Queries TakeOutOldEnded(Ticket kept);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Ticket next_ = 0;
  std::map<Ticket, Entry> entries_;
  std::function<void()> on_end_;
  std::map<std::string, Status> terminated_;  // by session: how the first query ended, or the first that failed
};

}  // namespace sluice
