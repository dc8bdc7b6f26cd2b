// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "checkpoint/offset_log.h"

namespace sluice {

// In the conf of an offsets entry: where the bad records of the batch go. A restart finds them there, wherever the
// setting points by then.
inline constexpr char kBadRecordsPath[] = "spark.sluice.badRecords.path";
// The batch is not of the source's range (which is empty), but of the bad records of all batches up to this number that
// no earlier batch put through again.
inline constexpr char kReplayThrough[] = "spark.sluice.badRecords.replayThrough";

// Replaces what an earlier entry said. An empty path: bad records fail the query.
void RecordBadRecords(const std::string& path, std::optional<BatchId> replay_through, EntryConf* conf);
// The number in kReplayThrough, if the batch is such a one.
std::optional<BatchId> ReplayOf(const OffsetEntry& entry);

}  // namespace sluice
