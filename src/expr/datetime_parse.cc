// SPDX-License-Identifier: Apache-2.0
// Reads texts by a compiled pattern, with java.time's strict resolver: no field may contradict another.
#include <array>
#include <cctype>
#include <limits>

#include "expr/datetime_pattern.h"
#include "types/calendar.h"
#include "types/zone_names.h"

namespace sluice {
namespace {

using Field = DatetimeField;
using Kind = DatetimeStep::Kind;
using Sign = DatetimeStep::Sign;

constexpr int64_t kMostOffset = 18 * 3600;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

char Lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool StartsWithNoCase(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (Lower(text[i]) != Lower(word[i])) return false;
  }
  return true;
}

// What was read so far. Copied where an optional part begins, and put back when that part does not match.
struct Fields {
  std::array<std::optional<int64_t>, static_cast<size_t>(Field::kCount)> values;
  std::string zone;  // of V, v and z

  std::optional<int64_t>& operator[](Field field) { return values[static_cast<size_t>(field)]; }
  // False when the field has another value already.
  bool Set(Field field, int64_t value) {
    std::optional<int64_t>& known = (*this)[field];
    if (known && *known != value) return false;
    known = value;
    return true;
  }
};

class Reader {
 public:
  Reader(const std::vector<DatetimeStep>& steps, std::string_view text) : steps_(steps), rest_(text) {}

  bool Run() { return ReadSteps(0, steps_.size()) && rest_.empty(); }
  Fields& fields() { return fields_; }

 private:
  bool ReadSteps(size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const DatetimeStep& step = steps_[i];
      if (step.kind == Kind::kOptional) {
        const std::string_view before = rest_;
        const Fields known = fields_;
        if (!ReadSteps(i + 1, step.end)) {
          rest_ = before;
          fields_ = known;
        }
        i = step.end;
      } else if (!ReadStep(step)) {
        return false;
      }
    }
    return true;
  }

  bool ReadStep(const DatetimeStep& step) {
    switch (step.kind) {
      case Kind::kText:
        if (!StartsWithNoCase(rest_, step.text)) return false;
        rest_.remove_prefix(step.text.size());
        return true;
      case Kind::kNumber:
        return ReadNumber(step);
      case Kind::kFraction:
        return ReadFraction(step);
      case Kind::kName:
        return ReadName(step);
      case Kind::kOffset:
        return ReadOffset(step.style, step.text);
      case Kind::kLocalizedOffset:
        return ReadLocalizedOffset(step.style == 4);
      case Kind::kZoneId:
        return ReadZone(false, false);
      case Kind::kZoneName:
        return ReadZone(true, step.style == 4);
      default:
        return true;
    }
  }

  // The digits at the front, `most` of them at most.
  size_t CountDigits(size_t most) const {
    size_t count = 0;
    while (count < most && count < rest_.size() && IsDigit(rest_[count])) ++count;
    return count;
  }

  // The value of the next digits, which are taken; nothing when it is beyond 64 bits.
  std::optional<int64_t> TakeDigits(size_t count) {
    int64_t value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, c - '0', &value)) {
        return std::nullopt;
      }
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool ReadNumber(const DatetimeStep& step) {
    const bool plus = rest_.starts_with('+');
    const bool minus = rest_.starts_with('-');
    if (plus || minus) {
      if (step.sign == Sign::kNotNegative || (plus && step.sign == Sign::kNormal)) return false;
      rest_.remove_prefix(1);
    }
    const auto min = static_cast<size_t>(step.min);
    size_t digits = CountDigits(static_cast<size_t>(step.max + step.following));
    if (digits < min) return false;
    if (step.following > 0) {
      const auto following = static_cast<size_t>(step.following);
      digits = std::max(min, digits > following ? digits - following : 0);
    }
    std::optional<int64_t> value = TakeDigits(digits);
    if (!value || (minus && *value == 0)) return false;
    if (minus) value = -*value;
    if (!minus && step.sign == Sign::kExceedsPad && plus != (digits > min)) return false;
    return fields_.Set(step.field, step.two_digits ? *value + 2000 : *value);
  }

  bool ReadFraction(const DatetimeStep& step) {
    const size_t digits = CountDigits(static_cast<size_t>(step.max));
    if (digits < static_cast<size_t>(step.min)) return false;
    int64_t nanos = TakeDigits(digits).value_or(0);
    for (size_t i = digits; i < 9; ++i) nanos *= 10;
    return fields_.Set(Field::kNano, nanos);
  }

  bool ReadName(const DatetimeStep& step) {
    const std::vector<std::string_view>& names = DatetimeNames(step.field, step.style == 4);
    const bool from_zero = step.field == Field::kEra || step.field == Field::kHalfDay;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!StartsWithNoCase(rest_, names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return fields_.Set(step.field, static_cast<int64_t>(from_zero ? i : i + 1));
    }
    return false;
  }

  // Two digits, after a colon when `colon`; nothing is taken when they are not there.
  std::optional<int64_t> TakeTwo(bool colon) {
    const size_t begin = colon ? 1 : 0;
    if (rest_.size() < begin + 2 || (colon && rest_[0] != ':')) return std::nullopt;
    if (!IsDigit(rest_[begin]) || !IsDigit(rest_[begin + 1])) return std::nullopt;
    const int64_t value = (rest_[begin] - '0') * 10 + (rest_[begin + 1] - '0');
    rest_.remove_prefix(begin + 2);
    return value;
  }

  // An offset in one of java.time's forms (datetime_format.cc), or nothing; then nothing is taken either.
  std::optional<int64_t> TakeOffset(int form) {
    const std::string_view before = rest_;
    const bool colon = form > 0 && form % 2 == 0;
    if (!rest_.starts_with('+') && !rest_.starts_with('-')) return std::nullopt;
    const int64_t sign = rest_[0] == '-' ? -1 : 1;
    rest_.remove_prefix(1);
    const std::optional<int64_t> hours = TakeTwo(false);
    std::optional<int64_t> minutes;
    std::optional<int64_t> seconds;
    if (hours && form >= 1) minutes = TakeTwo(colon);
    if (minutes && form >= 5) seconds = TakeTwo(colon);
    if (!hours || (form >= 3 && !minutes) || *hours > 23 || minutes.value_or(0) > 59 || seconds.value_or(0) > 59) {
      rest_ = before;
      return std::nullopt;
    }
    return sign * (*hours * 3600 + minutes.value_or(0) * 60 + seconds.value_or(0));
  }

  bool ReadOffset(int form, std::string_view zero) {
    if (!rest_.empty() && StartsWithNoCase(rest_, zero)) {
      rest_.remove_prefix(zero.size());
      return fields_.Set(Field::kOffset, 0);
    }
    const std::optional<int64_t> offset = TakeOffset(form);
    return offset && fields_.Set(Field::kOffset, *offset);
  }

  // GMT, GMT+8, GMT+08:30; full: GMT+08:00.
  bool ReadLocalizedOffset(bool full) {
    if (!StartsWithNoCase(rest_, "GMT")) return false;
    rest_.remove_prefix(3);
    if (!rest_.starts_with('+') && !rest_.starts_with('-')) return fields_.Set(Field::kOffset, 0);
    const int64_t sign = rest_[0] == '-' ? -1 : 1;
    rest_.remove_prefix(1);
    const size_t digits = CountDigits(2);
    if (digits < (full ? 2U : 1U)) return false;
    const int64_t hours = TakeDigits(digits).value_or(0);
    const std::optional<int64_t> minutes = TakeTwo(true);
    if (full && !minutes) return false;
    const std::optional<int64_t> seconds = minutes ? TakeTwo(true) : std::nullopt;
    return fields_.Set(Field::kOffset, sign * (hours * 3600 + minutes.value_or(0) * 60 + seconds.value_or(0)));
  }

  bool ReadZone(bool names, bool full) {
    size_t size = 0;
    if (rest_.starts_with('+') || rest_.starts_with('-')) return ReadZoneOffset(0);
    for (const std::string_view prefix : {"UTC", "UT", "GMT0", "GMT"}) {
      if (!StartsWithNoCase(rest_, prefix)) continue;
      if (prefix != "GMT0") return ReadZoneOffset(prefix.size());
      fields_.zone = "GMT0";
      rest_.remove_prefix(prefix.size());
      return true;
    }
    fields_.zone = LongestZone(rest_, names, full, &size);
    if (fields_.zone.empty() && StartsWithNoCase(rest_, "Z")) {
      fields_.zone = "Z";
      size = 1;
    }
    rest_.remove_prefix(size);
    return size > 0;
  }

  // "+01:00", or an offset behind a prefix such as UTC, which may be missing.
  bool ReadZoneOffset(size_t prefix) {
    const std::string_view before = rest_;
    rest_.remove_prefix(prefix);
    constexpr int kColonsAndSeconds = 6;
    const bool found = TakeOffset(kColonsAndSeconds).has_value();
    fields_.zone = std::string(before.substr(0, before.size() - rest_.size()));
    for (size_t i = 0; i < prefix; ++i) {
      fields_.zone[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(fields_.zone[i])));
    }
    return found || prefix > 0;
  }

  const std::vector<DatetimeStep>& steps_;
  std::string_view rest_;
  Fields fields_;
};

bool InRange(const std::optional<int64_t>& value, int64_t least, int64_t most) {
  return !value || (*value >= least && *value <= most);
}

// Makes one field of another: false when it is out of range, or the other has another value already.
bool Derive(Fields* fields, Field from, int64_t least, int64_t most, Field to, int64_t wraps_at) {
  const std::optional<int64_t> value = (*fields)[from];
  if (!value) return true;
  return InRange(value, least, most) && fields->Set(to, *value == wraps_at ? 0 : *value);
}

bool ResolveYear(Fields* fields) {
  constexpr int64_t kMostYear = 999'999'999;
  const std::optional<int64_t> of_era = (*fields)[Field::kYearOfEra];
  const std::optional<int64_t> era = (*fields)[Field::kEra];
  if (!InRange(of_era, 1, kMostYear) || !InRange((*fields)[Field::kYear], -kMostYear, kMostYear)) return false;
  return !of_era || !era || fields->Set(Field::kYear, *era == 1 ? *of_era : 1 - *of_era);
}

// True when a whole date agrees with each field that was read.
bool Agrees(Fields* fields, int64_t days) {
  const CivilDay civil = CivilFromDays(days);
  const std::pair<Field, int64_t> parts[] = {{Field::kYear, civil.year},
                                             {Field::kMonth, civil.month},
                                             {Field::kDay, civil.day},
                                             {Field::kDayOfYear, DayOfYear(days)}};
  for (const auto& [field, value] : parts) {
    if ((*fields)[field] && *(*fields)[field] != value) return false;
  }
  return true;
}

std::optional<int64_t> ResolveDate(Fields* fields) {
  constexpr int64_t kMostDays = 365'000'000'000;
  if (!ResolveYear(fields)) return std::nullopt;
  const std::optional<int64_t> year = (*fields)[Field::kYear];
  const std::optional<int64_t> month = (*fields)[Field::kMonth];
  const std::optional<int64_t> day = (*fields)[Field::kDay];
  const std::optional<int64_t> day_of_year = (*fields)[Field::kDayOfYear];
  if (!InRange(month, 1, 12) || !InRange(day, 1, 31)) return std::nullopt;
  if (const std::optional<int64_t> julian = (*fields)[Field::kModifiedJulianDay]) {
    if (!InRange(julian, -kMostDays, kMostDays)) return std::nullopt;
    const int64_t days = *julian - 40'587;
    return Agrees(fields, days) ? std::optional(days) : std::nullopt;
  }
  if (year && day_of_year && !(month && day)) {
    if (!InRange(day_of_year, 1, IsLeapYear(*year) ? 366 : 365)) return std::nullopt;
    const int64_t days = DaysFromCivil(*year, 1, 1) + *day_of_year - 1;
    return Agrees(fields, days) ? std::optional(days) : std::nullopt;
  }
  const int64_t in_year = year.value_or(1970);
  const auto in_month = static_cast<int>(month.value_or(1));
  if (day.value_or(1) > DaysInMonth(in_year, in_month)) return std::nullopt;
  const int64_t days = DaysFromCivil(in_year, in_month, static_cast<int>(day.value_or(1)));
  const bool whole = year && month && day;
  return !whole || Agrees(fields, days) ? std::optional(days) : std::nullopt;
}

// Microseconds of the day.
std::optional<int64_t> ResolveTime(Fields* fields) {
  if (!Derive(fields, Field::kClockHour, 1, 24, Field::kHour, 24) ||
      !Derive(fields, Field::kClockHourOfHalfDay, 1, 12, Field::kHourOfHalfDay, 12)) {
    return std::nullopt;
  }
  const std::optional<int64_t> half = (*fields)[Field::kHalfDay];
  const std::optional<int64_t> of_half = (*fields)[Field::kHourOfHalfDay];
  if (!InRange(of_half, 0, 11)) return std::nullopt;
  if (half && of_half && !fields->Set(Field::kHour, *half * 12 + *of_half)) return std::nullopt;
  const std::optional<int64_t> hour = (*fields)[Field::kHour];
  const std::optional<int64_t> minute = (*fields)[Field::kMinute];
  const std::optional<int64_t> second = (*fields)[Field::kSecond];
  if (!InRange(hour, 0, 23) || !InRange(minute, 0, 59) || !InRange(second, 0, 59)) return std::nullopt;
  if (hour && ((half && *hour / 12 != *half) || (of_half && *hour % 12 != *of_half))) return std::nullopt;
  // Spark's own rule for a text without an hour.
  const int64_t in_day = hour ? *hour : of_half ? *of_half : half.value_or(0) * 12;
  return ((in_day * 60 + minute.value_or(0)) * 60 + second.value_or(0)) * kMicrosPerSecond +
         (*fields)[Field::kNano].value_or(0) / 1000;
}

}  // namespace

std::optional<int64_t> DatetimePattern::Parse(std::string_view text, TimeZone* zone) const {
  Reader reader(steps_, text);
  if (!reader.Run()) return std::nullopt;
  Fields& fields = reader.fields();
  const std::optional<int64_t> days = ResolveDate(&fields);
  const std::optional<int64_t> time = ResolveTime(&fields);
  const std::optional<int64_t> offset = fields[Field::kOffset];
  if (!days || !time || !InRange(offset, -kMostOffset, kMostOffset)) return std::nullopt;
  // Days of margin: no offset can lead beyond 64 bits then.
  constexpr int64_t kMostDays = std::numeric_limits<int64_t>::max() / kMicrosPerDay - 2;
  if (*days > kMostDays || *days < -kMostDays) return std::nullopt;
  const int64_t local = *days * kMicrosPerDay + *time;
  if (!fields.zone.empty()) {
    Result<TimeZone> named = TimeZone::Find(fields.zone);
    return named.ok() ? std::optional(named->ToUtc(local)) : std::nullopt;
  }
  return offset ? local - *offset * kMicrosPerSecond : zone->ToUtc(local);
}

}  // namespace sluice
