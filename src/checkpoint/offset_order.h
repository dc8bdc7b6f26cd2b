// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"
#include "checkpoint/offset_log.h"

namespace sluice {

// Whether a source's offset (JSON) lies behind an earlier one in some part: a number that is smaller, or a key that is
// gone. Offsets of other forms, and those that cannot be compared, do not.
bool OffsetGoesBack(const std::string& earlier, const std::string& later);

// Entries of other writers have no checksum: a changed digit shows only where it makes an offset fall, which is then
// DamagedFile. In entries of ours an offset may fall: a topic was made again, and failOnDataLoss is false.
Status CheckOffsetOrder(const OffsetEntry& before, const OffsetEntry& entry, const LogFolder& log, BatchId batch);

}  // namespace sluice
