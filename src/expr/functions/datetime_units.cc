// SPDX-License-Identifier: Apache-2.0
#include "expr/functions/datetime_units.h"

#include <algorithm>
#include <string>

#include "types/calendar.h"

namespace sluice {

std::optional<DatetimeUnit> FindDatetimeUnit(std::string_view name) {
  struct Row {
    std::string_view name;
    DatetimeUnit unit;
  };
  constexpr int64_t kMinute = 60 * kMicrosPerSecond;
  static constexpr Row kRows[] = {{"MICROSECOND", {.micros = 1}},
                                  {"MILLISECOND", {.micros = 1000}},
                                  {"SECOND", {.micros = kMicrosPerSecond}},
                                  {"MINUTE", {.micros = kMinute}},
                                  {"HOUR", {.micros = 60 * kMinute}},
                                  {"DAY", {.days = 1}},
                                  {"DAYOFYEAR", {.days = 1}},
                                  {"WEEK", {.days = 7}},
                                  {"MONTH", {.months = 1}},
                                  {"QUARTER", {.months = 3}},
                                  {"YEAR", {.months = 12}}};
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const Row& row : kRows) {
    if (upper == row.name) return row.unit;
  }
  return std::nullopt;
}

std::optional<int64_t> AddMonthsToLocal(int64_t local, int64_t months) {
  const int64_t days = FloorDiv(local, kMicrosPerDay);
  const CivilDay day = CivilFromDays(days);
  int64_t month = 0;
  if (__builtin_add_overflow(day.year * 12 + day.month - 1, months, &month)) return std::nullopt;
  const int64_t year = FloorDiv(month, 12);
  constexpr int64_t kLastYear = 400'000;  // beyond all timestamps
  if (year > kLastYear || year < -kLastYear) return std::nullopt;
  const int in_year = static_cast<int>(FloorMod(month, 12)) + 1;
  const int64_t moved = DaysFromCivil(year, in_year, std::min(day.day, DaysInMonth(year, in_year)));
  int64_t begin = 0;
  int64_t sum = 0;
  if (__builtin_mul_overflow(moved, kMicrosPerDay, &begin)) return std::nullopt;
  if (__builtin_add_overflow(begin, FloorMod(local, kMicrosPerDay), &sum)) return std::nullopt;
  return sum;
}

std::optional<int64_t> AddUnits(int64_t micros, const DatetimeUnit& unit, int64_t amount, TimeZone* zone) {
  int64_t product = 0;
  int64_t sum = 0;
  if (unit.micros != 0) {
    if (__builtin_mul_overflow(amount, unit.micros, &product)) return std::nullopt;
    return __builtin_add_overflow(micros, product, &sum) ? std::nullopt : std::optional(sum);
  }
  const int64_t local = zone->ToLocal(micros);
  if (unit.days != 0) {
    if (__builtin_mul_overflow(amount, unit.days * kMicrosPerDay, &product)) return std::nullopt;
    if (__builtin_add_overflow(local, product, &sum)) return std::nullopt;
    return zone->ToUtc(sum);
  }
  if (__builtin_mul_overflow(amount, unit.months, &product)) return std::nullopt;
  const auto moved = AddMonthsToLocal(local, product);
  return moved ? std::optional(zone->ToUtc(*moved)) : std::nullopt;
}

int64_t UnitsBetween(int64_t begin, int64_t end, const DatetimeUnit& unit) {
  if (unit.micros != 0) {
    return SaturatingAdd(end, begin == INT64_MIN ? INT64_MAX : -begin) / unit.micros;
  }
  const int64_t first = FloorDiv(begin, kMicrosPerDay);
  int64_t last = FloorDiv(end, kMicrosPerDay);
  const int64_t times[] = {FloorMod(begin, kMicrosPerDay), FloorMod(end, kMicrosPerDay)};
  // A day that is not over does not count.
  if (last > first && times[1] < times[0]) {
    --last;
  } else if (last < first && times[1] > times[0]) {
    ++last;
  }
  if (unit.days != 0) return (last - first) / unit.days;
  const CivilDay from = CivilFromDays(first);
  const CivilDay to = CivilFromDays(last);
  const auto packed = [](const CivilDay& day) { return (day.year * 12 + day.month - 1) * 32 + day.day; };
  return (packed(to) - packed(from)) / 32 / unit.months;
}

}  // namespace sluice
