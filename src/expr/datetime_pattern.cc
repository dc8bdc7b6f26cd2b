// SPDX-License-Identifier: Apache-2.0
#include "expr/datetime_pattern.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "base/spark_error.h"
#include "types/calendar.h"

namespace sluice {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                       "Friday", "Saturday", "Sunday"};

void AppendNumber(int64_t value, int width, std::string* out) {
  *out += fmt::format("{:0{}}", value, width);
}

// +hh[:mm]: `count` as of the letter X.
void AppendOffset(int64_t seconds, int count, bool zulu, std::string* out) {
  if (zulu && seconds == 0) {
    *out += 'Z';
    return;
  }
  const int64_t absolute = std::abs(seconds);
  *out += seconds < 0 ? '-' : '+';
  AppendNumber(absolute / 3600, 2, out);
  const int64_t minutes = absolute / 60 % 60;
  if (count == 1 && minutes == 0) return;
  if (count == 3 || count == 5) *out += ':';
  AppendNumber(minutes, 2, out);
}

void AppendName(std::string_view name, int count, std::string* out) {
  *out += count >= 4 ? name : name.substr(0, 3);
}

void AppendQuarter(int quarter, int count, std::string* out) {
  constexpr const char* kQuarters[] = {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
  *out += count <= 2   ? fmt::format("{:0{}}", quarter, count)
          : count == 3 ? fmt::format("Q{}", quarter)
                       : kQuarters[quarter - 1];
}

// The letters V, z, X, x, Z and O.
void AppendZone(char letter, int count, int64_t micros, TimeZone* zone, std::string* out) {
  const int64_t offset = zone->OffsetSeconds(micros);
  switch (letter) {
    case 'V':
      *out += zone->name();
      break;
    case 'z':
      *out += zone->Abbreviation(micros);
      break;
    case 'X':
      AppendOffset(offset, count, true, out);
      break;
    case 'x':
      AppendOffset(offset, count, false, out);
      break;
    case 'Z':
      if (count == 4) *out += "GMT";
      if (count < 4 || offset != 0 || count == 5) AppendOffset(offset, count < 4 ? 2 : 3, count == 5, out);
      break;
    case 'O':
      *out += "GMT";
      if (offset == 0) break;
      if (count == 4)
        AppendOffset(offset, 3, false, out);
      else
        *out += fmt::format("{}{}", offset < 0 ? '-' : '+', std::abs(offset) / 3600) +
                (offset % 3600 ? fmt::format(":{:02}", std::abs(offset) / 60 % 60) : "");
      break;
    default:
      break;
  }
}

// Letters that Spark 2 took mean something else by now; others were never known.
Status UnknownLetters(std::string_view pattern, std::string_view letters) {
  const bool old = std::string_view("GyYMLwWDdFEuaHkKhmsSzZX").find(letters[0]) != std::string_view::npos;
  return UserError(old ? "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION"
                       : "INVALID_DATETIME_PATTERN.WITH_SUGGESTION",
                   fmt::format("The letters '{}' of the pattern '{}' cannot be used here.", letters, pattern),
                   {{"pattern", "'" + std::string(pattern) + "'"}});
}

bool StartsWithNoCase(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != std::tolower(static_cast<unsigned char>(word[i])))
      return false;
  }
  return true;
}

// Digits at the front: from min to max of them, and no more than fit.
std::optional<int64_t> TakeNumber(std::string_view* text, int min, int max) {
  int64_t value = 0;
  int digits = 0;
  while (digits < max && digits < static_cast<int>(text->size()) && (*text)[static_cast<size_t>(digits)] >= '0' &&
         (*text)[static_cast<size_t>(digits)] <= '9') {
    int64_t longer = 0;
    if (__builtin_mul_overflow(value, 10, &longer) ||
        __builtin_add_overflow(longer, (*text)[static_cast<size_t>(digits)] - '0', &longer)) {
      break;
    }
    value = longer;
    ++digits;
  }
  if (digits < min) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(digits));
  return value;
}

template <size_t kCount>
std::optional<int64_t> TakeName(std::string_view* text, const std::array<std::string_view, kCount>& names, bool full) {
  for (size_t i = 0; i < kCount; ++i) {
    const std::string_view name = full ? names[i] : names[i].substr(0, 3);
    if (!StartsWithNoCase(*text, name)) continue;
    text->remove_prefix(name.size());
    return static_cast<int64_t>(i);
  }
  return std::nullopt;
}

// +hh, +hhmm or +hh:mm, or Z.
std::optional<int64_t> TakeOffset(std::string_view* text, bool zulu) {
  if (zulu && !text->empty() && ((*text)[0] == 'Z' || (*text)[0] == 'z')) {
    text->remove_prefix(1);
    return 0;
  }
  if (text->empty() || ((*text)[0] != '+' && (*text)[0] != '-')) return std::nullopt;
  const int64_t sign = (*text)[0] == '-' ? -1 : 1;
  text->remove_prefix(1);
  const auto hours = TakeNumber(text, 2, 2);
  if (!hours) return std::nullopt;
  std::string_view after = *text;
  if (!after.empty() && after[0] == ':') after.remove_prefix(1);
  const auto minutes = TakeNumber(&after, 2, 2);
  if (minutes) *text = after;
  return sign * (*hours * 3600 + minutes.value_or(0) * 60);
}

}  // namespace

struct DatetimePattern::Fields {
  int64_t year = 1970;
  int64_t month = 1;
  int64_t day = 1;
  std::optional<int64_t> day_of_year;
  int64_t hour = 0;
  std::optional<int64_t> half_day_hour;  // of h and K
  int64_t afternoon = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t micros = 0;
  std::optional<int64_t> weekday;
  std::optional<int64_t> offset;
  std::string zone;
};

bool DatetimePattern::AddLetters(char letter, int count, DatetimePattern* to) {
  constexpr std::string_view kKnown = "GyuMLdDEaHhKkmsSVzOXxZQq";
  if (letter == 'u') letter = 'y';
  if (kKnown.find(letter) == std::string_view::npos) return false;
  const bool two_digits = std::strchr("dHhKkms", letter) != nullptr;
  const bool offset = letter == 'X' || letter == 'x' || letter == 'Z';
  if ((two_digits && count > 2) || (letter == 'S' && count > 9) || (letter == 'D' && count > 3) ||
      (letter == 'a' && count > 1) || (offset && count > 5) || (letter == 'V' && count != 2) ||
      (letter == 'y' && count > 6) || (std::strchr("GMLEQqz", letter) != nullptr && count > 4) ||
      (letter == 'O' && count != 1 && count != 4)) {
    return false;
  }
  to->items_.push_back({letter, count, {}});
  return true;
}

Result<DatetimePattern> DatetimePattern::Compile(std::string_view pattern, bool for_parsing) {
  DatetimePattern compiled;
  const auto add_text = [&compiled](char c) {
    if (compiled.items_.empty() || compiled.items_.back().letter != 0) compiled.items_.push_back({0, 0, {}});
    compiled.items_.back().text += c;
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\'') {
      if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
        add_text(c);
        ++i;
        continue;
      }
      for (++i; i < pattern.size() && pattern[i] != '\''; ++i) add_text(pattern[i]);
      continue;
    }
    if (c == '[' || c == ']')
      return NotSupported(fmt::format("Optional parts of a datetime pattern ('{}') are not supported.", pattern));
    if (!std::isalpha(static_cast<unsigned char>(c))) {
      add_text(c);
      continue;
    }
    size_t end = i;
    while (end < pattern.size() && pattern[end] == c) ++end;
    const bool refused = std::strchr("YWwFce", c) != nullptr || (for_parsing && std::strchr("EQq", c) != nullptr);
    if (refused || !AddLetters(c, static_cast<int>(end - i), &compiled))
      return UnknownLetters(pattern, pattern.substr(i, end - i));
    i = end - 1;
  }
  return compiled;
}

void DatetimePattern::Format(int64_t micros, TimeZone* zone, std::string* out) const {
  const int64_t offset = zone->OffsetSeconds(micros);
  const int64_t local = SaturatingAdd(micros, offset * kMicrosPerSecond);
  const int64_t days = FloorDiv(local, kMicrosPerDay);
  const int64_t in_day = FloorMod(local, kMicrosPerDay);
  const CivilDay civil = CivilFromDays(days);
  const int64_t hour = in_day / (3600 * kMicrosPerSecond);
  const int64_t second = in_day / kMicrosPerSecond;
  for (const Item& item : items_) {
    const int count = item.count;
    switch (item.letter) {
      case 0:
        *out += item.text;
        break;
      case 'G':
        *out += count == 4 ? "Anno Domini" : "AD";
        break;
      case 'y':
        if (count == 2)
          AppendNumber(FloorMod(civil.year, 100), 2, out);
        else {
          if (count >= 4 && civil.year > 9999) *out += '+';
          AppendNumber(civil.year, count, out);
        }
        break;
      case 'M':
      case 'L':
        if (count <= 2)
          AppendNumber(civil.month, count, out);
        else
          AppendName(kMonths[static_cast<size_t>(civil.month - 1)], count, out);
        break;
      case 'd':
        AppendNumber(civil.day, count, out);
        break;
      case 'D':
        AppendNumber(DayOfYear(days), count, out);
        break;
      case 'E':
        AppendName(kWeekdays[static_cast<size_t>(IsoWeekday(days) - 1)], count, out);
        break;
      case 'a':
        *out += hour < 12 ? "AM" : "PM";
        break;
      case 'H':
        AppendNumber(hour, count, out);
        break;
      case 'k':
        AppendNumber(hour == 0 ? 24 : hour, count, out);
        break;
      case 'K':
        AppendNumber(hour % 12, count, out);
        break;
      case 'h':
        AppendNumber(hour % 12 == 0 ? 12 : hour % 12, count, out);
        break;
      case 'm':
        AppendNumber(second / 60 % 60, count, out);
        break;
      case 's':
        AppendNumber(second % 60, count, out);
        break;
      case 'S':
        *out += fmt::format("{:06}000", in_day % kMicrosPerSecond).substr(0, static_cast<size_t>(count));
        break;
      case 'Q':
      case 'q':
        AppendQuarter((civil.month - 1) / 3 + 1, count, out);
        break;
      default:
        AppendZone(item.letter, count, micros, zone, out);
    }
  }
}

bool DatetimePattern::ParseItem(const Item& item, std::string_view* rest, Fields* fields) const {
  const auto number = [&](int64_t* to, int64_t least, int64_t most) {
    const auto value = item.count == 1 ? TakeNumber(rest, 1, 19) : TakeNumber(rest, item.count, item.count);
    if (!value || *value < least || *value > most) return false;
    *to = *value;
    return true;
  };
  int64_t value = 0;
  switch (item.letter) {
    case 0:
      if (!StartsWithNoCase(*rest, item.text)) return false;
      rest->remove_prefix(item.text.size());
      return true;
    case 'y':
      if (!number(&fields->year, 0, 999'999)) return false;
      if (item.count == 2) fields->year += 2000;
      return true;
    case 'M':
    case 'L': {
      if (item.count <= 2) return number(&fields->month, 1, 12);
      const auto month = TakeName(rest, kMonths, item.count == 4);
      if (month) fields->month = *month + 1;
      return month.has_value();
    }
    case 'E':
      fields->weekday = TakeName(rest, kWeekdays, item.count == 4);
      return fields->weekday.has_value();
    case 'd':
      return number(&fields->day, 1, 31);
    case 'D':
      if (!number(&value, 1, 366)) return false;
      fields->day_of_year = value;
      return true;
    case 'a':
      if (!StartsWithNoCase(*rest, "AM") && !StartsWithNoCase(*rest, "PM")) return false;
      fields->afternoon = std::tolower(static_cast<unsigned char>((*rest)[0])) == 'p';
      rest->remove_prefix(2);
      return true;
    case 'H':
      return number(&fields->hour, 0, 23);
    case 'k':
      if (!number(&fields->hour, 1, 24)) return false;
      fields->hour %= 24;
      return true;
    case 'h':
    case 'K':
      if (!number(&value, item.letter == 'h' ? 1 : 0, item.letter == 'h' ? 12 : 11)) return false;
      fields->half_day_hour = value % 12;
      return true;
    case 'm':
      return number(&fields->minute, 0, 59);
    case 's':
      return number(&fields->second, 0, 59);
    case 'S': {
      const auto digits = TakeNumber(rest, item.count, item.count);
      if (!digits) return false;
      fields->micros = *digits;
      for (int i = item.count; i < 6; ++i) fields->micros *= 10;
      for (int i = 6; i < item.count; ++i) fields->micros /= 10;
      return true;
    }
    case 'X':
    case 'x':
    case 'Z':
      fields->offset = TakeOffset(rest, item.letter == 'X' || item.count == 5);
      return fields->offset.has_value();
    case 'V':
    case 'z': {
      size_t end = 0;
      while (end < rest->size() &&
             (std::isalnum(static_cast<unsigned char>((*rest)[end])) || std::strchr("/_+-:", (*rest)[end]) != nullptr))
        ++end;
      fields->zone = rest->substr(0, end);
      rest->remove_prefix(end);
      return end > 0;
    }
    default:
      return false;
  }
}

std::optional<int64_t> DatetimePattern::Parse(std::string_view text, TimeZone* zone) const {
  Fields fields;
  for (const Item& item : items_) {
    if (!ParseItem(item, &text, &fields)) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  int64_t days = 0;
  if (fields.day_of_year) {
    if (*fields.day_of_year > (IsLeapYear(fields.year) ? 366 : 365)) return std::nullopt;
    days = DaysFromCivil(fields.year, 1, 1) + *fields.day_of_year - 1;
  } else {
    const auto month = static_cast<int>(fields.month);
    if (fields.day > DaysInMonth(fields.year, month)) return std::nullopt;
    days = DaysFromCivil(fields.year, month, static_cast<int>(fields.day));
  }
  if (fields.weekday && IsoWeekday(days) != *fields.weekday + 1) return std::nullopt;
  const int64_t hour = fields.half_day_hour ? *fields.half_day_hour + 12 * fields.afternoon : fields.hour;
  const int64_t in_day = ((hour * 60 + fields.minute) * 60 + fields.second) * kMicrosPerSecond + fields.micros;
  int64_t local = 0;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &local)) return std::nullopt;
  local = SaturatingAdd(local, in_day);
  if (fields.offset) return SaturatingAdd(local, -*fields.offset * kMicrosPerSecond);
  if (fields.zone.empty()) return zone->ToUtc(local);
  auto named = TimeZone::Find(fields.zone);
  if (!named.ok()) return std::nullopt;
  return named->ToUtc(local);
}

}  // namespace sluice
