// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"

namespace arrow {
class KeyValueMetadata;
}

namespace sluice {

// Brings days and instants of the hybrid calendar that Spark 2 and Hive wrote (Julian until 1582-10-04, Gregorian from
// 1582-10-15) to the same dates and local times of the proleptic Gregorian calendar. 1500-02-29, a day of the Julian
// calendar alone, is 1500-03-01. By default changes nothing.
class CalendarRebase {
 public:
  CalendarRebase() = default;
  // `zone`: of the writer's session. INVALID_TIMEZONE.
  static Result<CalendarRebase> Old(const std::string& zone);

  bool needed() const { return zone_ != nullptr; }
  int32_t Days(int32_t days) const { return needed() && days < kFirstGregorianDay ? OfJulianDay(days) : days; }
  int64_t Micros(int64_t micros) const { return needed() && micros < kSameSince ? OfOldMicros(micros) : micros; }

 private:
  static constexpr int32_t kFirstGregorianDay = -141'427;        // 1582-10-15
  static constexpr int64_t kSameSince = -2'208'902'400'000'000;  // 1900-01-02: the same instant in all zones

  static int32_t OfJulianDay(int32_t days);
  int64_t OfOldMicros(int64_t micros) const;

  struct Zone;
  std::shared_ptr<Zone> zone_;  // copies are used by one thread at a time
};

// Which of a file's columns are in the old calendar.
struct FileCalendar {
  CalendarRebase dates;
  CalendarRebase timestamps;
  CalendarRebase int96;
};

// As Spark's footers say it: by the version that wrote the file, and by marks that newer versions leave. Files of
// others are in the calendar of today. `session_zone` stands in for a writer's zone that the footer does not name.
Result<FileCalendar> CalendarOfFile(const arrow::KeyValueMetadata* footer, const std::string& session_zone);

}  // namespace sluice
