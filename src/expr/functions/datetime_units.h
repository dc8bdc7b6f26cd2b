// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "types/time_zone.h"

namespace sluice {

// A unit is so many microseconds, days or months.
struct DatetimeUnit {
  int64_t micros = 0;
  int64_t days = 0;
  int64_t months = 0;
};

// MICROSECOND to YEAR, without regard to case.
std::optional<DatetimeUnit> FindDatetimeUnit(std::string_view name);
// So many units later: microseconds pass, days and months are counted on the zone's clock. Nothing beyond the range.
std::optional<int64_t> AddUnits(int64_t micros, const DatetimeUnit& unit, int64_t amount, TimeZone* zone);
// Whole units between two times of a clock; negative when the second is earlier.
int64_t UnitsBetween(int64_t begin, int64_t end, const DatetimeUnit& unit);
// A day of a clock some months later, at most the last of its month. Nothing beyond the range.
std::optional<int64_t> AddMonthsToLocal(int64_t local, int64_t months);

}  // namespace sluice
