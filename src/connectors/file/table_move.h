// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "env/clock.h"
#include "env/env.h"

namespace sluice {

// Writes the new place of a moved table into its sink log, which names every file by its full path: entries below the
// folder `old_path` (a path of its file system) are made entries of the same file below `table`; the query must not be
// running. First each of those files is looked for: when one is not there, or has another size, nothing is changed and
// SLUICE_SINK_LOG_DAMAGED names it. The log's files are copied before, into "_spark_metadata.before-repair-<time>".
// Returns a line for each file that was changed.
Result<std::vector<std::string>> MoveSinkLog(const Location& table, const std::string& old_path, Clock* clock);

}  // namespace sluice
