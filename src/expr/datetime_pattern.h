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

// A pattern of java.time's DateTimeFormatter, in English, as Spark's date_format and to_timestamp take it.
class DatetimePattern {
 public:
  // The letters that Spark 3 and later refuse are refused with its error classes.
  static Result<DatetimePattern> Compile(std::string_view pattern, bool for_parsing = false);

  // `micros`: UTC.
  void Format(int64_t micros, TimeZone* zone, std::string* out) const;
  // Microseconds UTC of a text; what the pattern lacks is 1970-01-01 00:00:00. Nothing when it does not match.
  std::optional<int64_t> Parse(std::string_view text, TimeZone* zone) const;

 private:
  struct Item {
    char letter;  // 0: literal text
    int count;
    std::string text;
  };
  struct Fields;
  bool ParseItem(const Item& item, std::string_view* rest, Fields* fields) const;
  static bool AddLetters(char letter, int count, DatetimePattern* to);

  std::vector<Item> items_;
};

}  // namespace sluice
