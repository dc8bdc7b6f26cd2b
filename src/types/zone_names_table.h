// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

// A line: the standard, the daylight and the generic name, each long and short, then the ids of the zones so named,
// separated by blanks. Names and ids are parted by '|'; a line that begins with a blank goes on with the one before it.
extern const std::string_view kZoneGroups;
// NAME=ID; NAME=ID; ...: the zone that java.time reads for a name. Line feeds mean nothing.
extern const std::string_view kShortZoneNames;
extern const std::string_view kLongZoneNames;

}  // namespace sluice
