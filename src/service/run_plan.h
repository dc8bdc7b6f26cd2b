// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/base.pb.h>

#include <memory>

#include "service/sessions.h"
#include "service/waiting_operations.h"

namespace sluice {

// The producer of an operation: runs the plan of a request to its end and pushes what comes of it. Blocks as long as
// that takes; a command that only waits goes to `waiting`.
void RunPlan(const std::shared_ptr<ServedSession>& session, const spark::connect::ExecutePlanRequest& request,
             const std::shared_ptr<Operation>& operation, const std::shared_ptr<WaitingOperations>& waiting);

}  // namespace sluice
