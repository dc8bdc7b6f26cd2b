// SPDX-License-Identifier: Apache-2.0
#include "cli/query_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>

#include "cli/global_options.h"
#include "cli/say.h"
#include "session/session.h"
#include "streaming/running_query.h"

namespace sluice::cli {
namespace {

// How long a signal may go unnoticed.
constexpr int64_t kLookMs = 50;

using Queries = std::vector<std::shared_ptr<RunningQuery>>;

// What is said of one query among several begins with its name.
std::string NameBefore(const Queries& queries, const RunningQuery& query) {
  return queries.size() == 1 ? "" : query.name() + ": ";
}

std::optional<Status> FailureOf(const Queries& queries) {
  for (const auto& query : queries) {
    if (const auto failure = query->exception()) return failure;
  }
  return std::nullopt;
}

// Looks for a moment. An error is that of a query.
Result<bool> AllEnded(const Queries& queries) {
  bool all = true;
  for (const auto& query : queries) {
    SLUICE_ASSIGN(const bool ended, query->AwaitTermination(all ? kLookMs : 0));
    all &= ended;
  }
  return all;
}

// One query failed: the others end their batches, and a restart goes on with all of them.
int EndAfterFailure(Session* session, const Queries& queries, const Status& failure) {
  session->queries().StopAll([] { return StopSignals() > 0; });
  for (const auto& query : queries) {
    if (queries.size() == 1) break;
    Say(NameBefore(queries, *query) + (query->exception() ? "failed" : WhereItStopped(*query)));
  }
  return Fail(FailureOf(queries).value_or(failure), kQueryFailed);
}

}  // namespace

void AwaitStopSignal(const std::function<void()>& settled) {
  constexpr int64_t kSettledMs = 1000;
  for (int64_t waited = 0; StopSignals() == 0; waited += kLookMs) {
    if (waited == kSettledMs) settled();
    std::this_thread::sleep_for(std::chrono::milliseconds(kLookMs));
  }
}

void AwaitStart(const std::future<void>& done) {
  // What answers within this time is let finish, so that connections are closed in order.
  constexpr int kLooks = 10;
  for (int looks = 0; done.wait_for(std::chrono::milliseconds(kLookMs)) != std::future_status::ready;) {
    if (StopSignals() == 0) continue;
    if (++looks < kLooks && StopSignals() == 1) continue;
    Say("stopped while the query was starting; no batch was run");
    std::_Exit(kEndedWell);
  }
}

int WatchQueries(Session* session, const Queries& queries, const std::function<void()>& waiting) {
  for (;;) {
    const Result<bool> ended = AllEnded(queries);
    if (!ended.ok()) return EndAfterFailure(session, queries, ended.status());
    if (*ended) return kEndedWell;
    if (StopSignals() == 0) {
      if (waiting && std::all_of(queries.begin(), queries.end(), [](const auto& query) { return query->idle(); }))
        waiting();
      continue;
    }
    const bool clean = session->queries().StopAll([] { return StopSignals() > 1; });
    if (const auto failure = FailureOf(queries)) return Fail(*failure, kQueryFailed);
    if (clean) {
      for (const auto& query : queries) Say(NameBefore(queries, *query) + WhereItStopped(*query));
    } else {
      Say("the running batch was given up; a restart runs it again");
    }
    const int code = clean ? kEndedWell : kBatchGivenUp;
    if (std::any_of(queries.begin(), queries.end(), [](const auto& query) { return query->IsActive(); }))
      std::_Exit(code);
    return code;
  }
}

}  // namespace sluice::cli
