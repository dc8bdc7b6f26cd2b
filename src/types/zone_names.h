// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// The English names of time zones, as the JDK has them (tools/record_zones.py makes the table).
enum class ZoneNameKind { kStandard, kDaylight, kGeneric };

// "Pacific Daylight Time", or "PDT" when not `full`; empty when the zone has no name.
std::string_view ZoneNameOf(std::string_view zone_id, ZoneNameKind kind, bool full);

// The zone that java.time reads from the front of a text: the longest id, or also the longest name when `names`,
// without regard to case. Empty when there is none; *size is what it takes of the text.
std::string LongestZone(std::string_view text, bool names, bool full, size_t* size);

}  // namespace sluice
