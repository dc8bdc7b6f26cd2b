// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/decimal.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "expr/datetime_pattern.h"
#include "types/time_zone.h"

namespace sluice {

// Options by name, as OPTIONS and map('sep', ';') give them. Names have no case; of two equal ones the last counts.
class TextOptions {
 public:
  TextOptions() = default;
  explicit TextOptions(const std::vector<std::pair<std::string, std::string>>& options);

  std::optional<std::string> Find(std::string_view name) const;
  // A value that is no such thing is an error that names the option.
  Result<bool> Bool(std::string_view name, bool otherwise) const;
  Result<int64_t> Int(std::string_view name, int64_t otherwise) const;
  // One character; '\0' for an empty value, which means "none".
  Result<char> Character(std::string_view name, char otherwise) const;
  // Two option sets with equal keys mean the same.
  std::string Key() const;

 private:
  std::map<std::string, std::string> values_;  // names in lower case
};

// What becomes of a record that cannot be read.
enum class ParseMode { kPermissive, kFailFast, kDropMalformed };

// PERMISSIVE for words that are none, as in Spark.
ParseMode ReadParseMode(const TextOptions& options);
// Refuses the languages other than Spark's default, en-US, that Sluice has no names and number signs of.
Status CheckLocale(const TextOptions& options);

// How dates and times stand in a text: dateFormat, timestampFormat, timestampNTZFormat, timeZone. Without a pattern
// they are read as CAST reads them.
struct DatetimeFormats {
  std::optional<DatetimePattern> date;
  std::optional<DatetimePattern> timestamp;
  std::optional<DatetimePattern> timestamp_ntz;
  bool date_falls_back = true;  // to what CAST reads, where the pattern does not match
  bool timestamp_falls_back = true;
  TimeZone zone = TimeZone::Utc();
};

// `session_zone` applies where the option timeZone is not given.
Result<DatetimeFormats> ReadDatetimeFormats(const TextOptions& options, const std::string& session_zone, bool parsing);

// Days since 1970-01-01, or microseconds. Nothing when the text is none.
std::optional<int32_t> ReadDate(std::string_view text, DatetimeFormats* formats);
std::optional<int64_t> ReadTimestamp(std::string_view text, DatetimeFormats* formats);
std::optional<int64_t> ReadTimestampNtz(std::string_view text, DatetimeFormats* formats);

// A text as java.lang.Double reads it, without the words that only CAST knows.
std::optional<double> ReadJavaDouble(std::string_view text);
std::optional<float> ReadJavaFloat(std::string_view text);
// A text as java.lang.Long reads it: a sign and digits, no blanks.
std::optional<int64_t> ReadJavaInteger(std::string_view text, int64_t min, int64_t max);
// A text as java.math.BigDecimal reads it once thousands separators are gone, rounded half up to the type's scale.
std::optional<arrow::Decimal128> ReadDecimal(std::string_view text, const arrow::DataType& type);

}  // namespace sluice
