// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace sluice {
class Session;
class RunningQuery;
}  // namespace sluice

namespace sluice::cli {

// SIGINT and SIGTERM from now on only ask for the end. Call before any thread starts.
void CatchStopSignals();
bool StopSignalled();

// Waits for the query to end by itself or by a signal; a second signal gives the batch up at once. The exit code.
int WatchQuery(Session* session, const std::shared_ptr<RunningQuery>& query);

}  // namespace sluice::cli
