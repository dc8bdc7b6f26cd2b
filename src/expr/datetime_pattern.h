// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/time_zone.h"

namespace sluice {

// What a letter of a pattern stands for.
enum class DatetimeField {
  kEra,
  kYear,
  kYearOfEra,
  kQuarter,
  kMonth,
  kDay,
  kDayOfYear,
  kModifiedJulianDay,
  kDayOfWeekInMonth,  // F: 1 for the month's days 1, 8, 15 ...
  kWeekday,
  kHalfDay,
  kHour,
  kClockHour,           // k: 1 to 24
  kHourOfHalfDay,       // K: 0 to 11
  kClockHourOfHalfDay,  // h: 1 to 12
  kMinute,
  kSecond,
  kNano,
  kOffset,
  kCount,
};

// One step of a compiled pattern.
struct DatetimeStep {
  enum class Kind {
    kText,
    kNumber,
    kFraction,
    kName,             // of a month, weekday, era, half day or quarter
    kOffset,           // +hh:mm and the like
    kLocalizedOffset,  // GMT+8
    kZoneId,
    kZoneName,
    kOptional,  // the steps up to `end` may be missing
    kOptionalEnd,
  };
  // When a number shows or takes a sign, by java.time's names.
  enum class Sign { kNormal, kExceedsPad, kNotNegative };

  Kind kind = Kind::kText;
  DatetimeField field = DatetimeField::kCount;
  int min = 1;
  int max = 19;
  Sign sign = Sign::kNormal;
  int following = 0;        // digits that fixed numbers right behind this one need
  bool two_digits = false;  // of a year: 2000 to 2099
  int style = 1;            // count of letters: short or full names; the row of the forms of offsets
  bool generic = false;     // zone names without summer and winter
  std::string text;         // literal text, or what stands for the offset 0
  size_t end = 0;
};

// A pattern of java.time's DateTimeFormatter, in English, as Spark's date_format and to_timestamp take it. Immutable.
class DatetimePattern {
 public:
  // A pattern that Spark refuses is refused with its error class.
  static Result<DatetimePattern> Compile(std::string_view pattern, bool for_parsing = false);

  // `micros`: UTC.
  void Format(int64_t micros, TimeZone* zone, std::string* out) const;
  // Microseconds UTC of a text; what the pattern lacks is 1970-01-01 00:00:00. Nothing when it does not match.
  std::optional<int64_t> Parse(std::string_view text, TimeZone* zone) const;

 private:
  std::vector<DatetimeStep> steps_;
};

// The English names that a step of the kind kName chooses from: number 0, 1 ... of its field. `full`: not shortened.
const std::vector<std::string_view>& DatetimeNames(DatetimeField field, bool full);

}  // namespace sluice
