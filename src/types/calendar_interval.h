// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

// An interval of the calendar, as texts such as "1 month 2 days 3.5 seconds" give it: days and months have no fixed
// length. No column has this type here.
struct CalendarInterval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t micros = 0;
  bool operator==(const CalendarInterval&) const = default;
};

// Numbers with units, added up; "interval" may stand in front. Nothing for what is no such text or beyond the range.
std::optional<CalendarInterval> ParseCalendarInterval(std::string_view text);

}  // namespace sluice
