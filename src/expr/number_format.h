// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/decimal.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sluice {

// A format of to_char and to_number, such as "S$99,999.00":
// [MI|S] [$] [0|9|G|,]* [.|D] [0|9]* [$] [PR|MI|S]. Immutable.
class NumberFormat {
 public:
  // INVALID_FORMAT when it is malformed.
  static Result<NumberFormat> Parse(std::string_view format);

  // Digits of the numbers that fit the format, and how many of them stand behind the point.
  int32_t precision() const { return before_ + after_; }
  int32_t scale() const { return after_; }
  // The text of unscaled / 10^scale; its digits are '#' where the format has too few.
  std::string TextOf(const arrow::Decimal128& unscaled, int32_t scale) const;
  // The number of a text, unscaled by scale(); nothing when the text has another format.
  std::optional<arrow::Decimal128> NumberOf(std::string_view text) const;

 private:
  enum class Kind { kDigits, kPoint, kDollar, kSign, kMinus, kOpen, kClose, kUnknown };
  // A run of digits, or a comma.
  struct Part {
    int32_t digits = 0;  // 0: a comma
    bool exact = false;  // the run begins with 0: a number has all of its digits
  };
  struct Token {
    Kind kind;
    std::vector<Part> parts = {};  // of kDigits
    std::string text = {};         // of kUnknown
  };
  struct Writer;
  struct Reader;

  static std::vector<Token> TokensOf(std::string_view format);
  static Status Check(std::string_view format, const std::vector<Token>& tokens);
  static Status CheckCommas(std::string_view format, const std::vector<Token>& tokens);
  static Status CheckOrder(std::string_view format, const std::vector<Token>& tokens);

  std::vector<Token> tokens_;
  int32_t before_ = 0;
  int32_t after_ = 0;
};

}  // namespace sluice
