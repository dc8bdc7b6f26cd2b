// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "streaming/query_directory.h"
#include "streaming/query_resources.h"
#include "streaming/running_query.h"

namespace sluice {

// The streaming queries of one session, among those of the process. Thread-safe.
class QueryManager {
 public:
  // `directory` outlives this and all its queries.
  QueryManager(std::string session, QueryResources resources, QueryDirectory* directory)
      : session_(std::move(session)), resources_(std::move(resources)), directory_(directory) {}
  // Gives up what still runs, and drops the tables of memory sinks.
  ~QueryManager();

  // Refuses what QueryDirectory::Take refuses, and everything after Close.
  Result<std::shared_ptr<RunningQuery>> Start(QuerySpec spec, QueryListener listener = {});

  std::vector<std::shared_ptr<RunningQuery>> Active() const { return directory_->Active(session_); }
  std::shared_ptr<RunningQuery> Find(const std::string& id) const { return directory_->Find(session_, id); }
  Result<bool> AwaitAnyTermination(std::optional<int64_t> timeout_ms) {
    return directory_->AwaitAnyTermination(session_, timeout_ms);
  }
  void ResetTerminated() { directory_->ResetTerminated(session_); }
  // Stops all, each as RunningQuery::Stop does; true when no batch was given up.
  bool StopAll(const std::function<bool()>& in_a_hurry = nullptr);
  // The same, and no query starts any more, also not one that is just being started.
  bool Close(const std::function<bool()>& in_a_hurry = nullptr);

 private:
  const std::string session_;
  const QueryResources resources_;
  QueryDirectory* const directory_;
  std::atomic<bool> closed_{false};
};

}  // namespace sluice
