// SPDX-License-Identifier: Apache-2.0
#include "expr/text_options.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "types/calendar.h"
#include "types/datetime_text.h"
#include "types/number_text.h"
#include "types/unicode_digits.h"

namespace sluice {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Spark's old JSON and CSV wrote "GMT" before an offset.
std::string WithoutGmt(std::string_view text) {
  std::string without;
  for (size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with("GMT")) {
      i += 3;
    } else {
      without += text[i++];
    }
  }
  return without;
}

// Whether a parsed text names a zone: it is the same instant wherever the reader stands.
template <typename Parse>
bool NamesZone(const Parse& parse) {
  static const TimeZone* const east = [] { return new TimeZone(*TimeZone::Find("+01:00")); }();
  TimeZone utc = TimeZone::Utc();
  TimeZone other = *east;
  return parse(&utc) == parse(&other);
}

Status BadOption(std::string_view name, const std::string& value, std::string_view wanted) {
  return UserError("SLUICE_INVALID_OPTION", fmt::format("The option {} is '{}'; it takes {}.", name, value, wanted));
}

template <typename Float>
std::optional<Float> ReadJavaFloating(std::string_view text, std::optional<Float> (*parse)(std::string_view)) {
  std::string_view word = text;
  while (!word.empty() && static_cast<unsigned char>(word.front()) <= ' ') word.remove_prefix(1);
  while (!word.empty() && static_cast<unsigned char>(word.back()) <= ' ') word.remove_suffix(1);
  if (!word.empty() && (word[0] == '+' || word[0] == '-')) word.remove_prefix(1);
  if (word.empty()) return std::nullopt;
  if (std::isalpha(static_cast<unsigned char>(word[0])) && word != "NaN" && word != "Infinity") return std::nullopt;
  return parse(text);
}

}  // namespace

TextOptions::TextOptions(const std::vector<std::pair<std::string, std::string>>& options) {
  for (const auto& [name, value] : options) values_[Lower(name)] = value;
}

std::optional<std::string> TextOptions::Find(std::string_view name) const {
  const auto found = values_.find(Lower(name));
  return found == values_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

Result<bool> TextOptions::Bool(std::string_view name, bool otherwise) const {
  const auto value = Find(name);
  if (!value) return otherwise;
  const std::string word = Lower(*value);
  if (word != "true" && word != "false") return BadOption(name, *value, "true or false");
  return word == "true";
}

Result<int64_t> TextOptions::Int(std::string_view name, int64_t otherwise) const {
  const auto value = Find(name);
  if (!value) return otherwise;
  const auto number = ReadJavaInteger(*value, INT32_MIN, INT32_MAX);
  if (!number) return BadOption(name, *value, "a whole number");
  return *number;
}

Result<char> TextOptions::Character(std::string_view name, char otherwise) const {
  const auto value = Find(name);
  if (!value) return otherwise;
  if (value->empty()) return '\0';
  if (value->size() == 1) return (*value)[0];
  if (static_cast<unsigned char>((*value)[0]) >= 0x80)
    return NotSupported(fmt::format("The option {} takes ASCII characters only, not '{}'.", name, *value));
  return UserError("OPTION_VALUE_EXCEEDS_ONE_CHARACTER",
                   fmt::format("The option {} is '{}'; it takes one character.", name, *value));
}

std::string TextOptions::Key() const {
  std::string key;
  for (const auto& [name, value] : values_) key += fmt::format("{}:{}={}:{};", name.size(), name, value.size(), value);
  return key;
}

ParseMode ReadParseMode(const TextOptions& options) {
  const std::string mode = Lower(options.Find("mode").value_or("permissive"));
  if (mode == "failfast") return ParseMode::kFailFast;
  return mode == "dropmalformed" ? ParseMode::kDropMalformed : ParseMode::kPermissive;
}

Status CheckLocale(const TextOptions& options) {
  const auto locale = options.Find("locale");
  if (!locale || Lower(*locale) == "en-us") return Status::OK();
  return NotSupported(fmt::format("The option locale is '{}'; only en-US is supported.", *locale));
}

Result<DatetimeFormats> ReadDatetimeFormats(const TextOptions& options, const std::string& session_zone, bool parsing) {
  DatetimeFormats formats;
  // Spark knows both spellings of timeZone; names have no case here.
  SLUICE_ASSIGN(formats.zone, TimeZone::Find(options.Find("timeZone").value_or(session_zone)));
  const auto compile = [&](const char* name, std::optional<DatetimePattern>* pattern) -> Status {
    const auto text = options.Find(name);
    if (!text) return Status::OK();
    SLUICE_ASSIGN(*pattern, DatetimePattern::Compile(*text, parsing));
    return Status::OK();
  };
  SLUICE_RETURN_IF_ERROR(compile("dateFormat", &formats.date));
  SLUICE_RETURN_IF_ERROR(compile("timestampFormat", &formats.timestamp));
  SLUICE_RETURN_IF_ERROR(compile("timestampNTZFormat", &formats.timestamp_ntz));
  SLUICE_ASSIGN(formats.date_falls_back, options.Bool("enableDateTimeParsingFallback", !formats.date));
  SLUICE_ASSIGN(formats.timestamp_falls_back, options.Bool("enableDateTimeParsingFallback", !formats.timestamp));
  return formats;
}

std::optional<int32_t> ReadDate(std::string_view text, DatetimeFormats* formats) {
  if (formats->date) {
    TimeZone utc = TimeZone::Utc();
    if (const auto micros = formats->date->Parse(text, &utc))
      return static_cast<int32_t>(FloorDiv(*micros, kMicrosPerDay));
  } else if (const auto days = ParseDate(text)) {
    return days;
  }
  return formats->date_falls_back ? ParseDate(WithoutGmt(text)) : std::nullopt;
}

std::optional<int64_t> ReadTimestamp(std::string_view text, DatetimeFormats* formats) {
  const auto micros =
      formats->timestamp ? formats->timestamp->Parse(text, &formats->zone) : ParseTimestamp(text, &formats->zone);
  if (micros || !formats->timestamp_falls_back) return micros;
  return ParseTimestamp(WithoutGmt(text), &formats->zone);
}

std::optional<int64_t> ReadTimestampNtz(std::string_view text, DatetimeFormats* formats) {
  const auto parse = [&](TimeZone* zone) {
    return formats->timestamp_ntz ? formats->timestamp_ntz->Parse(text, zone) : ParseTimestamp(text, zone);
  };
  TimeZone utc = TimeZone::Utc();
  const auto micros = parse(&utc);
  return micros && !NamesZone(parse) ? micros : std::nullopt;
}

std::optional<double> ReadJavaDouble(std::string_view text) {
  return ReadJavaFloating<double>(text, ParseDouble);
}

std::optional<float> ReadJavaFloat(std::string_view text) {
  return ReadJavaFloating<float>(text, ParseFloat);
}

std::optional<int64_t> ReadJavaInteger(std::string_view text, int64_t min, int64_t max) {
  std::string ascii;
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    ascii = WithAsciiDigits(text);
    text = ascii;
  }
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10, &value) ||
        __builtin_sub_overflow(value, c - '0', &value)) {
      return std::nullopt;
    }
  }
  // Counted downwards: the lowest number has no positive twin.
  if (!negative && (value == INT64_MIN || (value = -value) > max)) return std::nullopt;
  return value < min ? std::nullopt : std::optional<int64_t>(value);
}

std::optional<arrow::Decimal128> ReadDecimal(std::string_view text, const arrow::DataType& type) {
  std::string without;
  if (text.find(',') != std::string_view::npos) {
    std::copy_if(text.begin(), text.end(), std::back_inserter(without), [](char c) { return c != ','; });
    text = without;
  }
  // CAST skips blanks, BigDecimal does not.
  if (text.empty() || TrimAll(text).size() != text.size()) return std::nullopt;
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
  arrow::Decimal128 value;
  if (ParseDecimal(text, decimal.precision(), decimal.scale(), &value) != DecimalOutcome::kOk) return std::nullopt;
  return value;
}

}  // namespace sluice
