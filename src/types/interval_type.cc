// SPDX-License-Identifier: Apache-2.0
#include "types/interval_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace sluice {
namespace {

constexpr std::string_view kNames[] = {"year", "month", "day", "hour", "minute", "second"};
constexpr uint64_t kMicros = 1'000'000;
// Microseconds of a field.
constexpr uint64_t kUnits[] = {0, 0, 86'400 * kMicros, 3'600 * kMicros, 60 * kMicros, kMicros};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

size_t IndexOf(IntervalField field) {
  return static_cast<size_t>(field);
}

void AppendSeconds(uint64_t micros, std::string* out) {
  *out += fmt::format("{:02}", micros / kMicros);
  if (micros % kMicros == 0) return;
  std::string fraction = fmt::format(".{:06}", micros % kMicros);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  *out += fraction;
}

// Digits at the front of a text, at most 19.
std::optional<uint64_t> TakeNumber(std::string_view* text) {
  size_t size = 0;
  uint64_t value = 0;
  while (size < text->size() && std::isdigit(static_cast<unsigned char>((*text)[size])) != 0) {
    if (size == 19) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>((*text)[size++] - '0');
  }
  if (size == 0) return std::nullopt;
  text->remove_prefix(size);
  return value;
}

// ".5" is 500000 microseconds.
std::optional<uint64_t> TakeFraction(std::string_view* text) {
  if (text->empty() || text->front() != '.') return 0;
  text->remove_prefix(1);
  uint64_t micros = 0;
  size_t digits = 0;
  for (; digits < text->size() && std::isdigit(static_cast<unsigned char>((*text)[digits])) != 0; ++digits) {
    if (digits < 6) micros = micros * 10 + static_cast<uint64_t>((*text)[digits] - '0');
  }
  if (digits > 9) return std::nullopt;
  for (size_t i = digits; i < 6; ++i) micros *= 10;
  text->remove_prefix(digits);
  return micros;
}

std::optional<int64_t> Signed(uint64_t value, bool negative, uint64_t most) {
  if (value > most + (negative ? 1 : 0)) return std::nullopt;
  return negative ? static_cast<int64_t>(0 - value) : static_cast<int64_t>(value);
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

bool TakeSign(std::string_view* text) {
  const bool negative = !text->empty() && text->front() == '-';
  if (negative || (!text->empty() && text->front() == '+')) text->remove_prefix(1);
  return negative;
}

// The microseconds of "1 02:03:04.5", whose parts are those of the fields.
std::optional<uint64_t> ReadDayTime(std::string_view text, IntervalFields fields) {
  uint64_t total = 0;
  for (size_t i = IndexOf(fields.first); i <= IndexOf(fields.last); ++i) {
    if (i > IndexOf(fields.first)) {
      const char separator = i == IndexOf(IntervalField::kHour) ? ' ' : ':';
      if (text.empty() || text.front() != separator) return std::nullopt;
      text.remove_prefix(1);
    }
    const auto number = TakeNumber(&text);
    if (!number) return std::nullopt;
    const uint64_t most = i == IndexOf(IntervalField::kHour) ? 23 : 59;
    if (i > IndexOf(fields.first) && *number > most) return std::nullopt;
    uint64_t micros = 0;
    if (__builtin_mul_overflow(*number, kUnits[i], &micros)) return std::nullopt;
    if (i == IndexOf(IntervalField::kSecond)) {
      const auto fraction = TakeFraction(&text);
      if (!fraction || __builtin_add_overflow(micros, *fraction, &micros)) return std::nullopt;
    }
    if (__builtin_add_overflow(total, micros, &total)) return std::nullopt;
  }
  return text.empty() ? std::optional(total) : std::nullopt;
}

std::optional<uint64_t> ReadYearMonth(std::string_view text, IntervalFields fields) {
  const auto first = TakeNumber(&text);
  if (!first || *first > 999'999'999) return std::nullopt;
  if (fields.first == fields.last) {
    if (!text.empty()) return std::nullopt;
    return fields.first == IntervalField::kYear ? *first * 12 : *first;
  }
  if (text.empty() || text.front() != '-') return std::nullopt;
  text.remove_prefix(1);
  const auto months = TakeNumber(&text);
  if (!months || *months > 11 || !text.empty()) return std::nullopt;
  return *first * 12 + *months;
}

}  // namespace

std::string DayTimeInterval::ToString(bool /*show_metadata*/) const {
  return IntervalName(fields_);
}

std::string YearMonthInterval::ToString(bool /*show_metadata*/) const {
  return IntervalName(fields_);
}

std::shared_ptr<arrow::DataType> IntervalType(IntervalFields fields) {
  if (fields.first <= IntervalField::kMonth) return std::make_shared<YearMonthInterval>(fields);
  return std::make_shared<DayTimeInterval>(fields);
}

bool IsDayTimeInterval(const arrow::DataType& type) {
  return type.id() == arrow::Type::DURATION;
}
bool IsYearMonthInterval(const arrow::DataType& type) {
  return type.id() == arrow::Type::INTERVAL_MONTHS;
}

IntervalFields FieldsOf(const arrow::DataType& type) {
  if (const auto* day_time = dynamic_cast<const DayTimeInterval*>(&type)) return day_time->fields();
  if (const auto* year_month = dynamic_cast<const YearMonthInterval*>(&type)) return year_month->fields();
  if (IsYearMonthInterval(type)) return {IntervalField::kYear, IntervalField::kMonth};
  return {IntervalField::kDay, IntervalField::kSecond};
}

std::string IntervalName(IntervalFields fields) {
  if (fields.first == fields.last) return fmt::format("interval {}", kNames[IndexOf(fields.first)]);
  return fmt::format("interval {} to {}", kNames[IndexOf(fields.first)], kNames[IndexOf(fields.last)]);
}

std::optional<IntervalFields> ParseIntervalName(std::string_view name) {
  std::string text = Lower(Trimmed(name));
  text.erase(std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }), text.end());
  for (size_t first = 0; first < std::size(kNames); ++first) {
    for (size_t last = first; last < (first < 2 ? 2 : std::size(kNames)); ++last) {
      const IntervalFields fields{static_cast<IntervalField>(first), static_cast<IntervalField>(last)};
      if (text == IntervalName(fields)) return fields;
    }
  }
  return std::nullopt;
}

std::optional<IntervalField> ParseIntervalField(std::string_view unit) {
  std::string lower = Lower(unit);
  if (lower.size() > 1 && lower.back() == 's') lower.pop_back();
  const auto* found = std::find(std::begin(kNames), std::end(kNames), lower);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<IntervalField>(found - std::begin(kNames));
}

void AppendInterval(int64_t value, IntervalFields fields, std::string* out) {
  const bool negative = value < 0;
  uint64_t rest = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  *out += negative ? "INTERVAL '-" : "INTERVAL '";
  if (fields.last <= IntervalField::kMonth) {
    *out += fields.first == fields.last ? fmt::format("{}", fields.first == IntervalField::kYear ? rest / 12 : rest)
                                        : fmt::format("{}-{}", rest / 12, rest % 12);
  } else {
    for (size_t i = IndexOf(fields.first); i <= IndexOf(fields.last); ++i) {
      if (i > IndexOf(fields.first)) *out += i == IndexOf(IntervalField::kHour) ? ' ' : ':';
      if (i == IndexOf(IntervalField::kSecond)) {
        AppendSeconds(rest, out);
      } else {
        *out += i == IndexOf(IntervalField::kDay) ? fmt::format("{}", rest / kUnits[i])
                                                  : fmt::format("{:02}", rest / kUnits[i]);
        rest %= kUnits[i];
      }
    }
  }
  std::string name = IntervalName(fields).substr(8);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  *out += "'" + name;
}

std::optional<int64_t> ParseInterval(std::string_view text, IntervalFields fields) {
  text = Trimmed(text);
  bool negative = false;
  // INTERVAL -'..' DAY: the quoted part counts, and both signs.
  if (Lower(text.substr(0, 8)) == "interval") {
    text = Trimmed(text.substr(8));
    negative = TakeSign(&text);
    const size_t end = text.rfind('\'');
    if (text.empty() || text.front() != '\'' || end == 0) return std::nullopt;
    const auto named = ParseIntervalName(std::string("interval ") + std::string(Trimmed(text.substr(end + 1))));
    if (!named || *named != fields) return std::nullopt;
    text = Trimmed(text.substr(1, end - 1));
  }
  negative = TakeSign(&text) != negative;
  const bool months = fields.last <= IntervalField::kMonth;
  const auto value = months ? ReadYearMonth(text, fields) : ReadDayTime(text, fields);
  if (!value) return std::nullopt;
  return Signed(*value, negative, months ? INT32_MAX : INT64_MAX);
}

}  // namespace sluice
