// SPDX-License-Identifier: Apache-2.0
#include "types/posix_zone.h"

#include <cctype>

#include "types/calendar.h"

namespace sluice {
namespace {

// Reads the parts of a rule from its front; each Take leaves the text as it was when it answers false.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }

  bool Accept(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Letters, or anything but '>' between < and >; at least three characters.
  bool TakeName(std::string* name) {
    const bool quoted = Accept('<');
    size_t end = 0;
    while (end < rest_.size() &&
           (quoted ? rest_[end] != '>' : std::isalpha(static_cast<unsigned char>(rest_[end])) != 0)) {
      ++end;
    }
    *name = std::string(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return name->size() >= 3 && (!quoted || Accept('>'));
  }

  bool TakeNumber(int64_t most, int64_t* value) {
    size_t digits = 0;
    *value = 0;
    while (digits < rest_.size() && digits < 4 && rest_[digits] >= '0' && rest_[digits] <= '9') {
      *value = *value * 10 + (rest_[digits++] - '0');
    }
    rest_.remove_prefix(digits);
    return digits > 0 && *value <= most;
  }

  // [+-]h[h[h]][:mm[:ss]]
  bool TakeTime(int64_t most_hours, int64_t* seconds) {
    const bool negative = Accept('-');
    if (!negative) Accept('+');
    int64_t parts[3] = {0, 0, 0};
    if (!TakeNumber(most_hours, &parts[0])) return false;
    for (int i = 1; i < 3 && Accept(':'); ++i) {
      if (!TakeNumber(59, &parts[i])) return false;
    }
    *seconds = (parts[0] * 60 + parts[1]) * 60 + parts[2];
    if (negative) *seconds = -*seconds;
    return true;
  }

  // Mm.w.d, Jn or n, and /time.
  bool TakeMoment(PosixZone::Moment* moment) {
    using Kind = PosixZone::Moment::Kind;
    int64_t parts[3] = {0, 0, 0};
    if (Accept('M')) {
      moment->kind = Kind::kMonthWeekDay;
      if (!TakeNumber(12, &parts[0]) || !Accept('.') || !TakeNumber(5, &parts[1]) || !Accept('.') ||
          !TakeNumber(6, &parts[2]) || parts[0] < 1 || parts[1] < 1) {
        return false;
      }
      moment->month = static_cast<int>(parts[0]);
      moment->week = static_cast<int>(parts[1]);
    } else {
      moment->kind = Accept('J') ? Kind::kDayWithoutLeap : Kind::kDayOfYear;
      if (!TakeNumber(365, &parts[2]) || (moment->kind == Kind::kDayWithoutLeap && parts[2] < 1)) return false;
    }
    moment->day = static_cast<int>(parts[2]);
    return !Accept('/') || TakeTime(167, &moment->seconds);
  }

 private:
  std::string_view rest_;
};

}  // namespace

int64_t PosixZone::Moment::In(int64_t year) const {
  int64_t days = 0;
  switch (kind) {
    case Kind::kDayOfYear:
      days = DaysFromCivil(year, 1, 1) + day;
      break;
    case Kind::kDayWithoutLeap:
      days = DaysFromCivil(year, 1, 1) + day - 1 + (day >= 60 && IsLeapYear(year));
      break;
    case Kind::kMonthWeekDay: {
      const int64_t first = DaysFromCivil(year, month, 1);
      days = first + FloorMod(day - IsoWeekday(first), 7) + 7 * (week - 1);
      if (days >= first + DaysInMonth(year, month)) days -= 7;
      break;
    }
  }
  return days * kSecondsPerDay + seconds;
}

std::optional<PosixZone> PosixZone::Parse(std::string_view text) {
  constexpr int64_t kMostHours = 24;
  Reader reader(text);
  PosixZone zone;
  // POSIX counts hours west of Greenwich.
  int64_t west = 0;
  if (!reader.TakeName(&zone.abbreviation) || !reader.TakeTime(kMostHours, &west)) return std::nullopt;
  zone.offset = -west;
  if (reader.AtEnd()) return zone;
  Daylight daylight;
  if (!reader.TakeName(&daylight.abbreviation)) return std::nullopt;
  daylight.offset = zone.offset + 3600;
  if (!reader.Accept(',')) {
    if (!reader.TakeTime(kMostHours, &west) || !reader.Accept(',')) return std::nullopt;
    daylight.offset = -west;
  }
  if (!reader.TakeMoment(&daylight.begin) || !reader.Accept(',') || !reader.TakeMoment(&daylight.end) ||
      !reader.AtEnd()) {
    return std::nullopt;
  }
  zone.daylight = std::move(daylight);
  return zone;
}

}  // namespace sluice
