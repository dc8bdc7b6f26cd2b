// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/commands.pb.h>

#include <string>

#include "base/status.h"
#include "service/operation.h"
#include "service/sessions.h"

namespace sluice {

class RunningQuery;

// The JSON of Spark's QueryStartedEvent and QueryTerminatedEvent.
std::string QueryStartedJson(const RunningQuery& query, int64_t now_ms);
std::string QueryTerminatedJson(const RunningQuery& query);

// Adds or removes the one listener of a session. Adding blocks until it is removed, or the operation interrupted, and
// pushes what happens meanwhile.
Status ListenToQueries(ServedSession* session, Operation* operation,
                       const spark::connect::StreamingQueryListenerBusCommand& command);

}  // namespace sluice
