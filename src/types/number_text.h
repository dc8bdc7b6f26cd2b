// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/decimal.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// How the JVM prints them: "1.0", "1.0E10", "NaN", "Infinity".
void AppendDouble(double value, std::string* out);
void AppendFloat(float value, std::string* out);
// Never with an exponent, as under ANSI; with BigDecimal's exponent otherwise ("0E-8").
void AppendDecimal(const arrow::Decimal128& value, int32_t scale, bool plain, std::string* out);

// Without what Spark's casts skip at both ends: blanks and control characters.
std::string_view TrimAll(std::string_view text);

// An integer as CAST reads it; nothing when malformed or outside [min, max]. `allow_fraction`: "12.9" is 12 (legacy).
std::optional<int64_t> ParseInteger(std::string_view text, int64_t min, int64_t max, bool allow_fraction);
std::optional<double> ParseDouble(std::string_view text);
std::optional<float> ParseFloat(std::string_view text);
// t, true, y, yes, 1 and f, false, n, no, 0 without regard to case.
std::optional<bool> ParseBoolean(std::string_view text);

enum class DecimalOutcome { kOk, kMalformed, kOverflow };
// Rounds half up to `scale`.
DecimalOutcome ParseDecimal(std::string_view text, int32_t precision, int32_t scale, arrow::Decimal128* out);

}  // namespace sluice
