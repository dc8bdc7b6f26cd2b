// SPDX-License-Identifier: Apache-2.0
#include "types/datetime_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "types/calendar.h"
#include "types/number_text.h"

namespace sluice {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Reads from min to max digits at *position.
bool ReadDigits(std::string_view text, size_t* position, int min, int max, int64_t* value) {
  int digits = 0;
  *value = 0;
  while (*position < text.size() && IsDigit(text[*position])) {
    if (++digits > max) return false;
    *value = *value * 10 + (text[*position] - '0');
    ++*position;
  }
  return digits >= min;
}

struct DatePart {
  int64_t year = 0;
  int64_t month = 1;
  int64_t day = 1;
};

// [+-]yyyy[yyy][-[m]m[-[d]d]], up to *position.
bool ReadDatePart(std::string_view text, size_t* position, int max_year_digits, DatePart* date) {
  bool negative = false;
  if (*position < text.size() && (text[*position] == '-' || text[*position] == '+')) {
    negative = text[*position] == '-';
    ++*position;
  }
  if (!ReadDigits(text, position, 4, max_year_digits, &date->year)) return false;
  if (negative) date->year = -date->year;
  for (int64_t* part : {&date->month, &date->day}) {
    if (*position >= text.size() || text[*position] != '-') break;
    ++*position;
    if (!ReadDigits(text, position, 1, 2, part)) return false;
  }
  return date->month >= 1 && date->month <= 12 && date->day >= 1 &&
         date->day <= DaysInMonth(date->year, static_cast<int>(date->month));
}

// h[h][:m[m][:s[s][.f*]]]; *whole: with seconds, behind which alone a zone may stand.
bool ReadTimePart(std::string_view text, size_t* position, int64_t* micros, bool* whole) {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t fraction = 0;
  if (!ReadDigits(text, position, 1, 2, &hour)) return false;
  const bool minutes = *position < text.size() && text[*position] == ':';
  if (minutes) {
    ++*position;
    if (!ReadDigits(text, position, 1, 2, &minute)) return false;
  }
  *whole = minutes && *position < text.size() && text[*position] == ':';
  if (*whole) {
    ++*position;
    if (!ReadDigits(text, position, 1, 2, &second)) return false;
    if (*position < text.size() && text[*position] == '.') {
      int digits = 0;
      for (++*position; *position < text.size() && IsDigit(text[*position]); ++*position) {
        if (digits++ < 6) fraction = fraction * 10 + (text[*position] - '0');
      }
      for (; digits < 6; ++digits) fraction *= 10;
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  *micros = ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond + fraction;
  return true;
}

struct ParsedTimestamp {
  bool just_time = false;  // local_micros are those of the day
  int64_t local_micros = 0;
  std::string_view zone;
};

// "T12", "T12:30", "12:30:40.5": a time of today.
bool IsJustTime(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return text.starts_with('T') || ((digits == 1 || digits == 2) && digits < text.size() && text[digits] == ':');
}

bool ReadTimeAndZone(std::string_view text, size_t position, ParsedTimestamp* parsed, int64_t* micros) {
  bool whole = false;
  if (!ReadTimePart(text, &position, micros, &whole)) return false;
  parsed->zone = TrimAll(text.substr(position));
  return whole || parsed->zone.empty();
}

std::optional<ParsedTimestamp> ReadTimestamp(std::string_view text) {
  text = TrimAll(text);
  size_t position = 0;
  DatePart date;
  ParsedTimestamp parsed;
  int64_t time = 0;
  if (IsJustTime(text)) {
    parsed.just_time = true;
    const bool read = ReadTimeAndZone(text, text[0] == 'T' ? 1 : 0, &parsed, &parsed.local_micros);
    return read ? std::optional(parsed) : std::nullopt;
  }
  if (!ReadDatePart(text, &position, 6, &date)) return std::nullopt;
  if (position < text.size()) {
    if (text[position] != ' ' && text[position] != 'T') return std::nullopt;
    // Only a whole date may be followed by a time.
    if (std::count(text.begin() + 1, text.begin() + static_cast<int64_t>(position), '-') < 2) return std::nullopt;
    if (!ReadTimeAndZone(text, position + 1, &parsed, &time)) return std::nullopt;
  }
  const int64_t days = DaysFromCivil(date.year, static_cast<int>(date.month), static_cast<int>(date.day));
  // The first day that 64 bits reach begins before they do: its time is counted from the next midnight.
  const int64_t before = days < 0 ? 1 : 0;
  if (__builtin_mul_overflow(days + before, kMicrosPerDay, &parsed.local_micros) ||
      __builtin_add_overflow(parsed.local_micros, time - before * kMicrosPerDay, &parsed.local_micros)) {
    return std::nullopt;
  }
  return parsed;
}

void AppendTwo(int64_t value, std::string* out) {
  *out += static_cast<char>('0' + value / 10);
  *out += static_cast<char>('0' + value % 10);
}

}  // namespace

void AppendDate(int64_t days, std::string* out) {
  const CivilDay day = CivilFromDays(days);
  if (day.year > 9999) {
    *out += '+';
    *out += std::to_string(day.year);
  } else if (day.year < 0) {
    *out += fmt::format("-{:04}", -day.year);
  } else {
    AppendTwo(day.year / 100, out);
    AppendTwo(day.year % 100, out);
  }
  *out += '-';
  AppendTwo(day.month, out);
  *out += '-';
  AppendTwo(day.day, out);
}

void AppendLocalTimestamp(int64_t local_micros, std::string* out) {
  const int64_t days = FloorDiv(local_micros, kMicrosPerDay);
  int64_t rest = FloorMod(local_micros, kMicrosPerDay);
  AppendDate(days, out);
  int64_t fraction = rest % kMicrosPerSecond;
  rest /= kMicrosPerSecond;
  *out += ' ';
  AppendTwo(rest / 3600, out);
  *out += ':';
  AppendTwo(rest / 60 % 60, out);
  *out += ':';
  AppendTwo(rest % 60, out);
  if (fraction == 0) return;
  *out += '.';
  for (int64_t power = 100'000; fraction > 0; power /= 10) {
    *out += static_cast<char>('0' + fraction / power);
    fraction %= power;
  }
}

std::optional<int32_t> ParseDate(std::string_view text) {
  text = TrimAll(text);
  size_t position = 0;
  DatePart date;
  if (!ReadDatePart(text, &position, 7, &date)) return std::nullopt;
  if (position < text.size() && text[position] != ' ' && text[position] != 'T') return std::nullopt;
  // Only a whole date may be followed by something.
  if (position < text.size() && std::count(text.begin() + 1, text.begin() + static_cast<int64_t>(position), '-') < 2) {
    return std::nullopt;
  }
  const int64_t days = DaysFromCivil(date.year, static_cast<int>(date.month), static_cast<int>(date.day));
  if (days < std::numeric_limits<int32_t>::min() || days > std::numeric_limits<int32_t>::max()) return std::nullopt;
  return static_cast<int32_t>(days);
}

std::optional<int64_t> ParseTimestamp(std::string_view text, TimeZone* zone, std::optional<int64_t> now_us) {
  const auto parsed = ReadTimestamp(text);
  if (!parsed) return std::nullopt;
  std::optional<TimeZone> named;
  if (!parsed->zone.empty()) {
    Result<TimeZone> found = TimeZone::Find(std::string(parsed->zone));
    if (!found.ok()) return std::nullopt;
    named = found.MoveValueUnsafe();
    zone = &*named;
  }
  int64_t local = parsed->local_micros;
  if (parsed->just_time) {
    if (!now_us) return std::nullopt;
    local += FloorDiv(zone->ToLocal(*now_us), kMicrosPerDay) * kMicrosPerDay;
  }
  // Where no offset can lead beyond 64 bits; the last days at both ends are looked at more closely.
  constexpr int64_t kSafe = std::numeric_limits<int64_t>::max() - kMicrosPerDay;
  if (local < kSafe && local > -kSafe) return zone->ToUtc(local);
  int64_t utc = 0;
  const int64_t offset = zone->OffsetSeconds(local) * kMicrosPerSecond;
  return __builtin_sub_overflow(local, offset, &utc) ? std::nullopt : std::optional(utc);
}

std::optional<int64_t> ParseLocalTimestamp(std::string_view text) {
  const auto parsed = ReadTimestamp(text);
  if (!parsed || parsed->just_time) return std::nullopt;
  if (!parsed->zone.empty() && !TimeZone::Find(std::string(parsed->zone)).ok()) return std::nullopt;
  return parsed->local_micros;
}

}  // namespace sluice
