// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/thread_pool.h"
#include "connectors/sink.h"
#include "exec/planner.h"

namespace sluice {

// Opens the writer of a task. Called by tasks in parallel.
using OpenWriter = std::function<Result<std::unique_ptr<TaskWriter>>(TaskId task)>;

// Brings all rows to the writer. An empty slice makes no file.
Status WriteAll(Operator* rows, TaskWriter* writer);

// Writes the rows of a batch query, each part by a task of its own, and gives what the tasks did in their order. A
// query without a part has one task without rows.
Result<std::vector<std::unique_ptr<TaskCommit>>> WriteRows(const PlannedParts& parts, ThreadPool& pool,
                                                           const OpenWriter& open);

}  // namespace sluice
