// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "types/time_zone.h"

namespace sluice {

// "2024-01-31", "+12345-01-01", "-0001-01-01".
void AppendDate(int64_t days, std::string* out);
// "2024-01-31 12:30:00.5": local microseconds, the fraction without trailing zeros.
void AppendLocalTimestamp(int64_t local_micros, std::string* out);

// Days since 1970 as CAST(string AS DATE) reads them: "2024", "2024-1", "2024-1-31", and anything after a blank or T.
std::optional<int32_t> ParseDate(std::string_view text);
// Microseconds since 1970 UTC as CAST(string AS TIMESTAMP) reads them; `zone` applies when the text names none. A time
// without a date ("12:30") is one of the day of `now_us`, and nothing without that.
std::optional<int64_t> ParseTimestamp(std::string_view text, TimeZone* zone, std::optional<int64_t> now_us = {});
// The same without a zone (TIMESTAMP_NTZ): a zone in the text is skipped.
std::optional<int64_t> ParseLocalTimestamp(std::string_view text);

}  // namespace sluice
