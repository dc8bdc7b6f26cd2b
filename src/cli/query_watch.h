// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <vector>

#include "base/stop_signals.h"

namespace sluice {
class Session;
class RunningQuery;
}  // namespace sluice

namespace sluice::cli {

// Returns when a signal that asks for the end has come. Calls `settled` once, a second from now.
void AwaitStopSignal(const std::function<void()>& settled);

// Waits for `done`, which opens a query. A server that does not answer cannot be broken off: after a signal the process
// ends (nothing was begun that a restart does not mend).
void AwaitStart(const std::future<void>& done);

// Waits for all of the session's queries to end by themselves, one to fail, or a signal; a second signal gives batches
// up at once. Says what became of them. `waiting` (may be null) is called again and again while none has anything to
// do. The exit code.
int WatchQueries(Session* session, const std::vector<std::shared_ptr<RunningQuery>>& queries,
                 const std::function<void()>& waiting = nullptr);

}  // namespace sluice::cli
