// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "env/env.h"

namespace sluice {

// What RepairCheckpoint did, and what it left.
struct TableRepair {
  std::vector<std::string> mended;  // a line each
  std::vector<std::string> left;    // damage that is still there: a line each
};

// Mends what can be mended without a doubt; the query must not be running. What it removes is copied before, into a
// folder beside the one it was in ("<folder>.before-repair-<time>"), temporary files apart. It
//   - removes temporary files that a killed process left, and checksum files (.crc) without a file or of an older one
//   - removes a damaged offsets/N of the last batch when nothing says that the batch ran: it is planned anew
//   - removes a damaged commits/N of the last batch when the sink log has it whole, and damaged ones before the last: a
//     restart finds the batch in the table and writes the entry again
//   - removes a damaged sink log entry of the last batch without a commit: the batch runs again with its recorded range
//   - removes a damaged description of state (its metadata or schema), which a restart writes anew
// Everything else is left as it is, and told. Errors are the file systems'.
Result<TableRepair> RepairCheckpoint(const Location& checkpoint, const Location& sink, Clock* clock);

// A line a finding: "mended: ..", "left: ..", and the count.
std::string FormatRepair(const TableRepair& repair);

}  // namespace sluice
