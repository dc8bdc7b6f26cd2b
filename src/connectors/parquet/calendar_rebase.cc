// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/calendar_rebase.h"

#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "types/calendar.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

constexpr char kVersion[] = "org.apache.spark.version";
constexpr char kZone[] = "org.apache.spark.timeZone";
constexpr char kOldDates[] = "org.apache.spark.legacyDateTime";
constexpr char kOldInt96[] = "org.apache.spark.legacyINT96";
// Java's old time zones begin in 1900; before that they have the standard time of today.
constexpr int64_t kOldZonesBegin = -2'208'988'800'000'000;
constexpr int64_t kWinterOfToday = 2'114'380'800'000'000;  // 2037-01-01, and half a year later
constexpr int64_t kSummerOfToday = 2'130'105'600'000'000;

// The year, month and day of a day of the Julian calendar, counted from 1970-01-01 of the Gregorian.
CivilDay JulianDay(int64_t days) {
  // From 0000-03-01 of the Julian calendar, whose four years always have 1461 days.
  const int64_t since = days + 719'470;
  const int64_t cycle = FloorDiv(since, 1461);
  const int64_t day_of_cycle = FloorMod(since, 1461);
  const int64_t year_of_cycle = day_of_cycle == 1460 ? 3 : day_of_cycle / 365;
  const int64_t day_of_year = day_of_cycle - year_of_cycle * 365;
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  return {cycle * 4 + year_of_cycle + (month <= 2), month, day};
}

}  // namespace

struct CalendarRebase::Zone {
  TimeZone zone;
  int64_t seconds_before_1900;  // its offset in Java's old calendar
};

Result<CalendarRebase> CalendarRebase::Old(const std::string& zone) {
  CalendarRebase rebase;
  SLUICE_ASSIGN(TimeZone found, zone.empty() ? TimeZone::Utc() : TimeZone::Find(zone));
  const int64_t standard = std::min(found.OffsetSeconds(kWinterOfToday), found.OffsetSeconds(kSummerOfToday));
  rebase.zone_ = std::make_shared<Zone>(Zone{std::move(found), standard});
  return rebase;
}

int32_t CalendarRebase::OfJulianDay(int32_t days) {
  const CivilDay day = JulianDay(days);
  return static_cast<int32_t>(DaysFromCivil(day.year, day.month, day.day));
}

int64_t CalendarRebase::OfOldMicros(int64_t micros) const {
  // Farther back than any date that can be written; sums would pass the range of their type.
  if (micros < INT64_MIN / 2) return micros;
  const int64_t seconds = micros < kOldZonesBegin ? zone_->seconds_before_1900 : zone_->zone.OffsetSeconds(micros);
  const int64_t local = micros + seconds * kMicrosPerSecond;
  const int64_t day = FloorDiv(local, kMicrosPerDay);
  const int64_t moved = (day < kFirstGregorianDay ? OfJulianDay(static_cast<int32_t>(day)) - day : 0) * kMicrosPerDay;
  return zone_->zone.ToUtc(local + moved);
}

Result<FileCalendar> CalendarOfFile(const arrow::KeyValueMetadata* footer, const std::string& session_zone) {
  FileCalendar calendar;
  if (footer == nullptr) return calendar;
  const auto get = [&](const char* key) -> std::optional<std::string> {
    auto value = footer->Get(key);
    return value.ok() ? std::optional(*value) : std::nullopt;
  };
  const auto version = get(kVersion);
  if (!version) return calendar;
  const bool old_dates = *version < "3.0.0" || get(kOldDates);
  const bool old_int96 = *version < "3.1.0" || get(kOldInt96);
  if (!old_dates && !old_int96) return calendar;
  SLUICE_ASSIGN(CalendarRebase rebase, CalendarRebase::Old(get(kZone).value_or(session_zone)));
  if (old_dates) calendar.dates = calendar.timestamps = rebase;
  if (old_int96) calendar.int96 = rebase;
  return calendar;
}

}  // namespace sluice
