// SPDX-License-Identifier: Apache-2.0
// Writes instants by a compiled pattern.
#include <fmt/format.h>

#include <array>

#include "expr/datetime_pattern.h"
#include "types/calendar.h"
#include "types/zone_names.h"

namespace sluice {
namespace {

using Field = DatetimeField;
using Sign = DatetimeStep::Sign;

// The fields of one instant in one zone.
class Moment {
 public:
  Moment(int64_t micros, TimeZone* zone)
      : micros_(micros),
        zone_(zone),
        offset_(zone->OffsetSeconds(micros)),
        days_(FloorDiv(SaturatingAdd(micros, offset_ * kMicrosPerSecond), kMicrosPerDay)),
        in_day_(FloorMod(SaturatingAdd(micros, offset_ * kMicrosPerSecond), kMicrosPerDay)),
        civil_(CivilFromDays(days_)) {}

  int64_t offset() const { return offset_; }

  int64_t Get(Field field) const {
    const int64_t second = in_day_ / kMicrosPerSecond;
    const int64_t hour = second / 3600;
    switch (field) {
      case Field::kEra:
        return civil_.year >= 1;
      case Field::kYear:
        return civil_.year;
      case Field::kYearOfEra:
        return civil_.year >= 1 ? civil_.year : 1 - civil_.year;
      case Field::kQuarter:
        return (civil_.month - 1) / 3 + 1;
      case Field::kMonth:
        return civil_.month;
      case Field::kDay:
        return civil_.day;
      case Field::kDayOfYear:
        return DayOfYear(days_);
      case Field::kModifiedJulianDay:
        return days_ + 40'587;
      case Field::kDayOfWeekInMonth:
        return (civil_.day - 1) % 7 + 1;
      case Field::kWeekday:
        return IsoWeekday(days_);
      case Field::kHalfDay:
        return hour / 12;
      case Field::kHour:
        return hour;
      case Field::kClockHour:
        return hour == 0 ? 24 : hour;
      case Field::kHourOfHalfDay:
        return hour % 12;
      case Field::kClockHourOfHalfDay:
        return hour % 12 == 0 ? 12 : hour % 12;
      case Field::kMinute:
        return second / 60 % 60;
      case Field::kSecond:
        return second % 60;
      case Field::kNano:
        return in_day_ % kMicrosPerSecond * 1000;
      default:
        return offset_;
    }
  }

  std::string ZoneName(bool full, bool generic) const {
    const ZoneNameKind kind = generic                            ? ZoneNameKind::kGeneric
                              : zone_->IsDaylightSaving(micros_) ? ZoneNameKind::kDaylight
                                                                 : ZoneNameKind::kStandard;
    const std::string_view name = ZoneNameOf(zone_->id(), kind, full);
    return name.empty() ? zone_->id() : std::string(name);
  }
  const std::string& zone_id() const { return zone_->id(); }

 private:
  int64_t micros_;
  TimeZone* zone_;
  int64_t offset_;
  int64_t days_;
  int64_t in_day_;
  CivilDay civil_;
};

void AppendNumber(const DatetimeStep& step, int64_t value, std::string* out) {
  if (step.two_digits) {
    *out += fmt::format("{:02}", std::abs(value >= 2000 && value < 2100 ? value - 2000 : value) % 100);
    return;
  }
  const std::string digits = fmt::format("{:0{}}", std::abs(value), step.min);
  if (value < 0) {
    *out += '-';
  } else if (step.sign == Sign::kExceedsPad && static_cast<int>(digits.size()) > step.min) {
    *out += '+';
  }
  *out += digits;
}

// The forms are rows of java.time's table: +HH, +HHmm, +HH:mm, +HHMM, +HH:MM, +HHMMss, +HH:MM:ss; small letters only
// when they are not 0.
void AppendOffset(const DatetimeStep& step, int64_t offset, std::string* out) {
  const int64_t absolute = std::abs(offset);
  const int64_t minutes = absolute / 60 % 60;
  const int64_t seconds = absolute % 60;
  const bool colon = step.style > 0 && step.style % 2 == 0;
  const bool with_minutes = step.style >= 3 || (step.style >= 1 && minutes != 0);
  const bool with_seconds = step.style >= 5 && seconds != 0;
  if (absolute / 3600 == 0 && (!with_minutes || minutes == 0) && !with_seconds) {
    *out += step.text;
    return;
  }
  *out += fmt::format("{}{:02}", offset < 0 ? '-' : '+', absolute / 3600);
  if (with_minutes) *out += fmt::format("{}{:02}", colon ? ":" : "", minutes);
  if (with_seconds) *out += fmt::format("{}{:02}", colon ? ":" : "", seconds);
}

void AppendLocalizedOffset(bool full, int64_t offset, std::string* out) {
  *out += "GMT";
  if (offset == 0) return;
  const int64_t absolute = std::abs(offset);
  const int64_t rest = absolute % 3600;
  *out += offset < 0 ? '-' : '+';
  *out += full ? fmt::format("{:02}", absolute / 3600) : fmt::format("{}", absolute / 3600);
  if (full || rest != 0) *out += fmt::format(":{:02}", rest / 60);
  if (rest % 60 != 0) *out += fmt::format(":{:02}", rest % 60);
}

void AppendName(const DatetimeStep& step, int64_t value, std::string* out) {
  // Months, quarters and weekdays count from 1.
  const bool from_zero = step.field == Field::kEra || step.field == Field::kHalfDay;
  *out += DatetimeNames(step.field, step.style == 4)[static_cast<size_t>(from_zero ? value : value - 1)];
}

}  // namespace

void DatetimePattern::Format(int64_t micros, TimeZone* zone, std::string* out) const {
  using Kind = DatetimeStep::Kind;
  const Moment moment(micros, zone);
  for (const DatetimeStep& step : steps_) {
    switch (step.kind) {
      case Kind::kText:
        *out += step.text;
        break;
      case Kind::kNumber:
        AppendNumber(step, moment.Get(step.field), out);
        break;
      case Kind::kFraction:
        *out += fmt::format("{:09}", moment.Get(step.field)).substr(0, static_cast<size_t>(step.max));
        break;
      case Kind::kName:
        AppendName(step, moment.Get(step.field), out);
        break;
      case Kind::kOffset:
        AppendOffset(step, moment.offset(), out);
        break;
      case Kind::kLocalizedOffset:
        AppendLocalizedOffset(step.style == 4, moment.offset(), out);
        break;
      case Kind::kZoneId:
        *out += moment.zone_id();
        break;
      case Kind::kZoneName:
        *out += moment.ZoneName(step.style == 4, step.generic);
        break;
      case Kind::kOptional:  // an instant has every field
      case Kind::kOptionalEnd:
        break;
    }
  }
}

}  // namespace sluice
