// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/env.h"
#include "state/state_codec.h"

namespace sluice {

// What a look at the state of a checkpoint shows. Reads only.
struct StateReport {
  std::vector<std::string> damage;  // a line each: the query would refuse to go on, or give wrong results
  std::vector<std::string> notes;   // a line each, no damage
};

// The codec that the settings of the latest offsets entry name. NotSupported when they name another store than the one
// whose files are known here (RocksDB).
Result<StateCodec> StateCodecOfCheckpoint(const Location& checkpoint);

// Reads what a restart would read: `version` of every store and partition, each row of it. Version 0 has no files.
// Errors are the file system's; what is kept by another kind of store is a note.
Result<StateReport> CheckState(const Location& checkpoint, int64_t version);

// A line for people for each store, "state 0        stateStoreSave, 2 partitions"; empty without state.
Result<std::string> ShowState(const Location& checkpoint);

}  // namespace sluice
