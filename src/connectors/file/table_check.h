// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "env/env.h"

namespace sluice {

// What a checkpoint and the table of its file sink say together.
struct TableReport {
  std::vector<std::string> damage;   // a line each
  std::vector<std::string> notes;    // a line each, no damage
  std::vector<std::string> orphans;  // paths of part files that no entry of the sink log names
  bool damaged() const { return !damage.empty(); }
};

// Looks at every log entry, and at the name and size of every file. Reads only. Files of a planned batch that Sluice
// would write again under the same names are no orphans. Errors are the file system's.
Result<TableReport> VerifyCheckpoint(const Location& checkpoint, const Location& sink);
// The checkpoint and its state alone, of a query that writes no table; which one it is a checkpoint does not say.
Result<TableReport> VerifyWithoutTable(const Location& checkpoint);

// Deletes the orphans and returns their paths; the query must not be running. Refuses when anything is damaged, or when
// the folder has no sink log: then nobody knows what belongs to the table.
Result<std::vector<std::string>> CleanCheckpoint(const Location& checkpoint, const Location& sink);

// A line a finding: "damage: ..", "orphan: ..", "note: ..", or "whole".
std::string FormatReport(const TableReport& report);

}  // namespace sluice
