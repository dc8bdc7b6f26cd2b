// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/decimal.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace sluice {

// Writes numbers as java.text.DecimalFormat does by a pattern: "#,##0.00", "0.#%", "#.##;(#.##)". Halves go to the even
// digit. Immutable.
class DecimalPattern {
 public:
  // INVALID_PARAMETER_VALUE.PATTERN when it is malformed; exponents and currencies are refused by name.
  static Result<DecimalPattern> Parse(std::string_view pattern);
  // Commas, and so many digits behind the point.
  static DecimalPattern WithFraction(int32_t digits);

  // Most bytes that a number can become, beside its own digits.
  int64_t width() const { return int64_t{4} * least_whole_ / 3 + least_fraction_ + 2; }
  void Append(double value, std::string* out) const;
  // unscaled / 10^scale
  void Append(const arrow::Decimal128& unscaled, int32_t scale, std::string* out) const;

 private:
  struct Digits;
  Status ReadNumber(std::string_view pattern, size_t* position);
  Status ReadAffix(std::string_view pattern, size_t* position, std::string* affix);
  void AppendDigits(const Digits& number, std::string* out) const;

  // Around numbers that are not negative, and around the others.
  std::string prefix_;
  std::string suffix_;
  std::string negative_prefix_ = "-";
  std::string negative_suffix_;
  int32_t least_whole_ = 0;
  int32_t least_fraction_ = 0;
  int32_t most_fraction_ = 0;
  int32_t group_ = 0;   // digits between two commas; 0: no commas
  bool point_ = false;  // also without a fraction
  int32_t shift_ = 0;   // 2 for percent: the number is multiplied by 10^shift
};

}  // namespace sluice
