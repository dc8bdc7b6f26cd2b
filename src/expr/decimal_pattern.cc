// SPDX-License-Identifier: Apache-2.0
#include "expr/decimal_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/spark_error.h"
#include "types/number_text.h"

namespace sluice {
namespace {

constexpr int32_t kMostFraction = 340;  // of a double
constexpr std::string_view kPercent = "%";
constexpr std::string_view kPerMille = "\u2030";
constexpr std::string_view kCurrency = "\u00A4";

Status Malformed(std::string_view pattern, const char* why) {
  return UserError("INVALID_PARAMETER_VALUE.PATTERN",
                   fmt::format("The pattern '{}' of a number cannot be used: {}.", pattern, why),
                   {{"value", "'" + std::string(pattern) + "'"}});
}

}  // namespace

// 0.d1d2d3... * 10^point, without zeros in front.
struct DecimalPattern::Digits {
  bool negative = false;
  std::string digits;
  int32_t point = 0;

  // Of a plain or scientific text without a sign.
  static Digits Of(std::string_view text) {
    Digits number;
    const size_t exponent = std::min(text.find('E'), text.size());
    if (exponent < text.size())
      number.point = static_cast<int32_t>(*ParseInteger(text.substr(exponent + 1), INT32_MIN, INT32_MAX, false));
    const std::string_view body = text.substr(0, exponent);
    const size_t dot = std::min(body.find('.'), body.size());
    number.point += static_cast<int32_t>(dot);
    for (const char c : body) {
      if (c != '.') number.digits += c;
    }
    const size_t zeros = std::min(number.digits.find_first_not_of('0'), number.digits.size());
    number.digits.erase(0, zeros);
    number.point -= static_cast<int32_t>(zeros);
    number.digits.erase(number.digits.find_last_not_of('0') + 1);
    if (number.digits.empty()) number.point = 0;
    return number;
  }

  int32_t fraction() const { return std::max(0, static_cast<int32_t>(digits.size()) - point); }

  // Halves to the even digit; `most` digits stay behind the point.
  void Round(int32_t most) {
    if (fraction() <= most) return;
    const int64_t kept = int64_t{point} + most;
    if (kept < 0) {
      digits.clear();
      point = 0;
      return;
    }
    const auto keep = static_cast<size_t>(kept);
    const std::string rest = digits.substr(keep);
    digits.resize(keep);
    const int order = rest.compare(0, 1, "5") != 0                          ? (rest[0] > '5' ? 1 : -1)
                      : rest.find_first_not_of('0', 1) != std::string::npos ? 1
                                                                            : 0;
    const bool odd = keep > 0 && (digits.back() - '0') % 2 == 1;
    if (order < 0 || (order == 0 && !odd)) {
      if (digits.empty()) point = 0;
      return;
    }
    size_t at = keep;
    while (at > 0 && digits[at - 1] == '9') digits[--at] = '0';
    if (at > 0) {
      ++digits[at - 1];
    } else {
      digits.insert(0, 1, '1');
      ++point;
    }
  }
};

Status DecimalPattern::ReadAffix(std::string_view pattern, size_t* position, std::string* affix) {
  bool quoted = false;
  for (; *position < pattern.size(); ++*position) {
    const std::string_view rest = pattern.substr(*position);
    if (rest[0] == '\'') {
      const bool doubled = rest.size() > 1 && rest[1] == '\'';
      if (doubled) {
        *affix += '\'';
        ++*position;
      } else {
        quoted = !quoted;
      }
      continue;
    }
    if (!quoted) {
      if (std::string_view("#0,.;").find(rest[0]) != std::string_view::npos) return Status::OK();
      if (rest.starts_with(kCurrency))
        return NotSupported("Currencies in a pattern of format_number are not supported.");
      const int32_t shift = rest.starts_with(kPercent) ? 2 : rest.starts_with(kPerMille) ? 3 : 0;
      if (shift > 0 && shift_ > 0) return Malformed(pattern, "it has two signs of percent");
      shift_ = std::max(shift_, shift);
    }
    *affix += rest[0];
  }
  return Status::OK();
}

// What stands between both affixes: # and 0 as digits, commas and the point.
Status DecimalPattern::ReadNumber(std::string_view pattern, size_t* position) {
  int32_t optional = 0;  // # in front of the first 0
  int32_t zeros = 0;
  int32_t behind = 0;  // # behind the last 0
  int32_t point = -1;  // digits in front of it
  int32_t group = -1;
  for (; *position < pattern.size(); ++*position) {
    const char c = pattern[*position];
    if (c == '#') {
      ++(zeros > 0 ? behind : optional);
    } else if (c == '0') {
      if (behind > 0) return Malformed(pattern, "a 0 stands behind a #");
      ++zeros;
    } else if (c == ',') {
      group = 0;
      continue;
    } else if (c == '.') {
      if (point >= 0) return Malformed(pattern, "it has two points");
      point = optional + zeros + behind;
      continue;
    } else {
      break;
    }
    if (group >= 0 && point < 0) ++group;
  }
  if (*position < pattern.size() && pattern[*position] == 'E')
    return NotSupported("Exponents in a pattern of format_number are not supported.");
  // "#.##" has one digit in front of its point.
  if (zeros == 0 && optional > 0 && point >= 0) {
    const int32_t whole = std::max(point, 1);
    behind = optional - whole;
    optional = whole - 1;
    zeros = 1;
  }
  const int32_t all = optional + zeros + behind;
  if ((point < 0 && behind > 0) || (point >= 0 && (point < optional || point > optional + zeros)) || group == 0)
    return Malformed(pattern, "its digits are out of order");
  const int32_t whole = point < 0 ? all : point;
  least_whole_ = whole - optional;
  most_fraction_ = point < 0 ? 0 : all - point;
  least_fraction_ = point < 0 ? 0 : optional + zeros - point;
  group_ = std::max(group, 0);
  point_ = point == 0 || point == all;
  return Status::OK();
}

Result<DecimalPattern> DecimalPattern::Parse(std::string_view pattern) {
  DecimalPattern parsed;
  size_t position = 0;
  SLUICE_RETURN_IF_ERROR(parsed.ReadAffix(pattern, &position, &parsed.prefix_));
  SLUICE_RETURN_IF_ERROR(parsed.ReadNumber(pattern, &position));
  SLUICE_RETURN_IF_ERROR(parsed.ReadAffix(pattern, &position, &parsed.suffix_));
  parsed.negative_prefix_ = "-" + parsed.prefix_;
  parsed.negative_suffix_ = parsed.suffix_;
  if (position == pattern.size()) return parsed;
  if (pattern[position] != ';') return Malformed(pattern, "digits stand behind its end");
  // Of the part for negative numbers only what stands around the digits counts.
  DecimalPattern negative;
  const std::string_view second = pattern.substr(position + 1);
  position = 0;
  SLUICE_RETURN_IF_ERROR(negative.ReadAffix(second, &position, &negative.prefix_));
  SLUICE_RETURN_IF_ERROR(negative.ReadNumber(second, &position));
  SLUICE_RETURN_IF_ERROR(negative.ReadAffix(second, &position, &negative.suffix_));
  if (position < second.size()) return Malformed(pattern, "digits stand behind its end");
  if (negative.prefix_ == parsed.prefix_ && negative.suffix_ == parsed.suffix_) return parsed;
  parsed.negative_prefix_ = negative.prefix_;
  parsed.negative_suffix_ = negative.suffix_;
  return parsed;
}

DecimalPattern DecimalPattern::WithFraction(int32_t digits) {
  DecimalPattern pattern;
  pattern.least_whole_ = 1;
  pattern.least_fraction_ = pattern.most_fraction_ = digits;
  pattern.group_ = 3;
  return pattern;
}

void DecimalPattern::AppendDigits(const Digits& number, std::string* out) const {
  std::string whole;
  for (int32_t i = 0; i < number.point; ++i)
    whole += static_cast<size_t>(i) < number.digits.size() ? number.digits[static_cast<size_t>(i)] : '0';
  if (number.digits.empty()) whole.clear();
  if (static_cast<int32_t>(whole.size()) < least_whole_)
    whole.insert(0, static_cast<size_t>(least_whole_) - whole.size(), '0');
  std::string fraction;
  if (number.fraction() > 0) {
    fraction.assign(static_cast<size_t>(std::max(0, -number.point)), '0');
    fraction += number.digits.substr(static_cast<size_t>(std::max(0, number.point)));
    fraction.erase(fraction.find_last_not_of('0') + 1);
  }
  if (static_cast<int32_t>(fraction.size()) < least_fraction_)
    fraction.resize(static_cast<size_t>(least_fraction_), '0');
  if (whole.empty() && fraction.empty()) whole = "0";
  for (size_t i = 0; i < whole.size(); ++i) {
    if (i > 0 && group_ > 0 && (whole.size() - i) % static_cast<size_t>(group_) == 0) *out += ',';
    *out += whole[i];
  }
  if (!fraction.empty() || point_) *out += "." + fraction;
}

void DecimalPattern::Append(double value, std::string* out) const {
  if (std::isnan(value)) {
    *out += "NaN";
    return;
  }
  const bool negative = std::signbit(value);
  *out += negative ? negative_prefix_ : prefix_;
  if (shift_ > 0) value *= shift_ == 2 ? 100 : 1000;
  const double size = std::fabs(value);
  if (std::isinf(size)) {
    *out += "\u221E";
  } else {
    // Java has the shortest digits that tell the value, but rounds the value itself.
    std::string text;
    AppendDouble(size, &text);
    Digits number = Digits::Of(text);
    const int32_t most = std::min(most_fraction_, kMostFraction);
    if (number.fraction() > most) number = Digits::Of(fmt::format("{:.{}f}", size, most));
    AppendDigits(number, out);
  }
  *out += negative ? negative_suffix_ : suffix_;
}

void DecimalPattern::Append(const arrow::Decimal128& unscaled, int32_t scale, std::string* out) const {
  const bool negative = unscaled.IsNegative();
  Digits number = Digits::Of(arrow::Decimal128(arrow::Decimal128::Abs(unscaled)).ToIntegerString());
  number.point += shift_ - scale;
  number.Round(most_fraction_);
  *out += negative ? negative_prefix_ : prefix_;
  AppendDigits(number, out);
  *out += negative ? negative_suffix_ : suffix_;
}

}  // namespace sluice
