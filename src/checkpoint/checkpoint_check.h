// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "env/env.h"

namespace sluice {

// What a look at every file of a checkpoint shows. Reads only.
struct CheckpointReport {
  std::string query_id;              // empty when metadata is missing or damaged
  std::optional<BatchId> planned;    // latest of offsets
  std::optional<BatchId> committed;  // latest of commits
  std::vector<std::string> damage;   // a line each: the query would refuse to go on, or could not be trusted
  std::vector<std::string> notes;    // a line each: worth knowing, no damage

  // The batch that a restart would run, and whether it was planned before.
  BatchId next() const;
  bool recovers() const { return planned && planned != committed; }
};

// Errors are the file system's; damage is a part of the report.
Result<CheckpointReport> CheckCheckpoint(const Location& checkpoint);

// A page for people: id, batches, where each source stands, who wrote the last entry.
Result<std::string> ShowCheckpoint(const Location& checkpoint);

}  // namespace sluice
