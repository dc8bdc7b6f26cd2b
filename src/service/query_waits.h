// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/commands.pb.h>

#include <memory>
#include <optional>

#include "service/sessions.h"
#include "service/waiting_operations.h"

namespace sluice {

// What a command waits for without a thread: the end of a query, or of any of a session, or what a listener is told.
// Nothing for any other command. `waiting` is woken when there is news for a listener.
std::optional<Wait> WaitOf(const std::shared_ptr<ServedSession>& session, const std::shared_ptr<Operation>& operation,
                           const spark::connect::Command& command, const std::shared_ptr<WaitingOperations>& waiting);

// The error with which a query ended, as Spark shows it to whoever waits for it.
Status AsQueryFailure(const ServedSession& session, const spark::connect::Command& command, const Status& error);

}  // namespace sluice
