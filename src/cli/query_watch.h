// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <future>
#include <memory>

namespace sluice {
class Session;
class RunningQuery;
}  // namespace sluice

namespace sluice::cli {

// SIGINT and SIGTERM from now on only ask for the end. Call before any thread starts.
void CatchStopSignals();
// How many of them came.
int StopSignals();

// Waits for `done`, which opens a query. A server that does not answer cannot be broken off: after a signal it has
// `timeout_ms`, after a second one no time, and then the process ends (nothing was begun that a restart does not mend).
void AwaitStart(const std::future<void>& done, int64_t timeout_ms);

// Waits for the query to end by itself or by a signal; a second signal gives the batch up at once. The exit code.
int WatchQuery(Session* session, const std::shared_ptr<RunningQuery>& query);

}  // namespace sluice::cli
