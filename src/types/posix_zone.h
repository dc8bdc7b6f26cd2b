// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The rule for all later years at the end of a TZif file, in the form of POSIX's variable TZ as RFC 9636 extends it:
// "PST8PDT,M3.2.0,M11.1.0", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "JST-9".
struct PosixZone {
  // A day of every year, and the seconds of the local clock on that day (-167 h to 167 h).
  struct Moment {
    enum class Kind { kMonthWeekDay, kDayOfYear, kDayWithoutLeap } kind = Kind::kMonthWeekDay;
    int month = 0;  // 1 to 12
    int week = 0;   // 1 to 5; 5 is the last
    int day = 0;    // 0 (Sunday) to 6, or the day of the year: from 0, or from 1 when February 29 is never counted
    int64_t seconds = 2 * 3600;

    // Seconds from 1970-01-01 00:00:00 on the local clock to the moment in `year`.
    int64_t In(int64_t year) const;
  };
  struct Daylight {
    std::string abbreviation;
    int64_t offset = 0;  // seconds east of Greenwich
    Moment begin;        // on the standard clock
    Moment end;          // on the daylight clock
  };

  std::string abbreviation;
  int64_t offset = 0;
  std::optional<Daylight> daylight;

  // Nothing when the text is no such rule, or names daylight time without saying when.
  static std::optional<PosixZone> Parse(std::string_view text);
};

}  // namespace sluice
