// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "streaming/running_query.h"

namespace sluice {

// The streaming queries of a session. Thread-safe.
class QueryManager {
 public:
  explicit QueryManager(QueryResources resources) : resources_(std::move(resources)) {}
  // Gives up what still runs.
  ~QueryManager();

  // Refuses a second active query of the same name or with the same checkpoint (CONCURRENT_QUERY) or output folder.
  Result<std::shared_ptr<RunningQuery>> Start(QuerySpec spec,
                                              std::function<void(const QueryProgress&)> listener = nullptr);

  std::vector<std::shared_ptr<RunningQuery>> Active() const;
  // By run id, else by id; null when there is none. Ended ones are found too, until Forget.
  std::shared_ptr<RunningQuery> Find(const std::string& id) const;
  // Waits until any query ends that was active since ResetTerminated. False: time ran out.
  Result<bool> AwaitAnyTermination(std::optional<int64_t> timeout_ms);
  void ResetTerminated();
  // Stops all, each as RunningQuery::Stop does; true when no batch was given up.
  bool StopAll(const std::function<bool()>& in_a_hurry = nullptr);

 private:
  Status CheckConflicts(const QuerySpec& spec) const;

  const QueryResources resources_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::shared_ptr<RunningQuery>> queries_;  // by run id
  std::map<std::string, std::string> sink_paths_;                 // run id -> output folder
  std::vector<std::shared_ptr<RunningQuery>> terminated_;
};

}  // namespace sluice
