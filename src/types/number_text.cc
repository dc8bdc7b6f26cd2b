// SPDX-License-Identifier: Apache-2.0
#include "types/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "types/unicode_digits.h"

namespace sluice {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool EqualsNoCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != lower[i]) return false;
  }
  return true;
}

template <typename Float>
void AppendFloating(Float value, std::string* out) {
  if (std::isnan(value)) {
    *out += "NaN";
    return;
  }
  if (std::signbit(value)) *out += '-';
  value = std::fabs(value);
  if (std::isinf(value)) {
    *out += "Infinity";
    return;
  }
  if (value == 0) {
    *out += "0.0";
    return;
  }
  char text[64];
  auto* end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  // The JVM prints two digits at least, and then the nearest two.
  if (text[1] != '.') end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific, 1).ptr;
  std::string digits;
  const char* p = text;
  for (; p < end && *p != 'e'; ++p) {
    if (IsDigit(*p)) digits += *p;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  int exponent = 0;
  ++p;
  std::from_chars(*p == '+' ? p + 1 : p, end, exponent);
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) {
      *out += "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
      return;
    }
    const auto whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() < whole) digits.append(whole - digits.size(), '0');
    out->append(digits, 0, whole);
    *out += '.';
    if (digits.size() == whole) *out += '0';
    out->append(digits, whole);
    return;
  }
  *out += digits[0];
  *out += '.';
  if (digits.size() == 1) *out += '0';
  out->append(digits, 1);
  *out += 'E';
  *out += std::to_string(exponent);
}

// Whether the text is [sign] digits [. digits] [e [sign] digits], what from_chars alone would not tell.
bool IsPlainNumber(std::string_view text) {
  size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  size_t digits = 0;
  for (; i < text.size() && IsDigit(text[i]); ++i) ++digits;
  if (i < text.size() && text[i] == '.') {
    for (++i; i < text.size() && IsDigit(text[i]); ++i) ++digits;
  }
  if (digits == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const size_t begin = i;
    for (; i < text.size() && IsDigit(text[i]); ++i) continue;
    if (i == begin) return false;
  }
  return i == text.size();
}

// Java's String.trim(); TrimAll is Spark's own.
std::string_view JavaTrim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  return text;
}

// Whether the text is [sign] 0x digits [. digits] p [sign] digits: Java's hexadecimal numbers always have the p.
bool IsHexNumber(std::string_view text) {
  const auto skip = [&text](auto wanted) {
    size_t count = 0;
    while (count < text.size() && wanted(static_cast<unsigned char>(text[count]))) ++count;
    text.remove_prefix(count);
    return count;
  };
  const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (!text.starts_with("0x") && !text.starts_with("0X")) return false;
  text.remove_prefix(2);
  size_t digits = skip(is_hex);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    digits += skip(is_hex);
  }
  if (digits == 0 || (!text.starts_with('p') && !text.starts_with('P'))) return false;
  text.remove_prefix(1);
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return skip([](unsigned char c) { return std::isdigit(c) != 0; }) > 0 && text.empty();
}

// Whether a number that from_chars finds out of range is too small rather than too large: by the place of its first
// digit that is not 0.
bool IsTiny(std::string_view number) {
  const size_t e = std::min(number.find_first_of("eE"), number.size());
  const size_t first = number.find_first_of("123456789");
  const size_t point = std::min(number.substr(0, e).find('.'), e);
  if (first >= e) return true;
  int64_t exponent = static_cast<int64_t>(point) - static_cast<int64_t>(first);
  if (e < number.size()) {
    std::string_view power = number.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int64_t value = 0;
    const bool fits = std::from_chars(power.data(), power.data() + power.size(), value).ec == std::errc();
    if (!fits) return power.starts_with('-');
    if (__builtin_add_overflow(exponent, value, &exponent)) return value < 0;
  }
  return exponent < 0;
}

template <typename Float>
std::optional<Float> ParseFloating(std::string_view text) {
  text = JavaTrim(text);
  if (text.empty()) return std::nullopt;
  std::string_view number = text;
  if (const char last = number.back(); last == 'd' || last == 'D' || last == 'f' || last == 'F')
    number.remove_suffix(1);
  if (IsPlainNumber(number)) {
    if (number[0] == '+') number.remove_prefix(1);
    Float value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error == std::errc::result_out_of_range) {
      // Too large is infinity and too small is zero in Java; from_chars leaves the value alone.
      const Float magnitude = IsTiny(number) ? Float(0) : std::numeric_limits<Float>::infinity();
      return number[0] == '-' ? -magnitude : magnitude;
    }
    return value;
  }
  if (IsHexNumber(number)) {
    const std::string terminated(number);
    if constexpr (std::is_same_v<Float, float>) return std::strtof(terminated.c_str(), nullptr);
    return std::strtod(terminated.c_str(), nullptr);
  }
  std::string_view word = text;
  const bool negative = word[0] == '-';
  if (word[0] == '-' || word[0] == '+') word.remove_prefix(1);
  if (EqualsNoCase(word, "inf") || EqualsNoCase(word, "infinity")) {
    return negative ? -std::numeric_limits<Float>::infinity() : std::numeric_limits<Float>::infinity();
  }
  // With a sign it is Java that reads it, which minds the case.
  const bool nan = word.size() == text.size() ? EqualsNoCase(word, "nan") : word == "NaN";
  if (nan) return std::numeric_limits<Float>::quiet_NaN();
  return std::nullopt;
}

// value = digits * 10^exponent; false when malformed.
bool ReadDecimal(std::string_view text, bool* negative, std::string* digits, int64_t* exponent) {
  if (!IsPlainNumber(text)) return false;
  size_t i = 0;
  *negative = text[0] == '-';
  if (text[0] == '+' || text[0] == '-') ++i;
  *exponent = 0;
  bool fraction = false;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    if (fraction) --*exponent;
    if (!digits->empty() || text[i] != '0') *digits += text[i];
  }
  if (i < text.size()) {
    ++i;
    if (text[i] == '+') ++i;
    int64_t power = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), power);
    const bool fits = error == std::errc() && power <= 1'000'000'000 && power >= -1'000'000'000;
    if (!fits) {
      if (text[i] != '-') *exponent = 1'000'000'000;
      return digits->empty();
    }
    *exponent += power;
  }
  return true;
}

}  // namespace

void AppendDouble(double value, std::string* out) {
  AppendFloating(value, out);
}
void AppendFloat(float value, std::string* out) {
  AppendFloating(value, out);
}

void AppendDecimal(const arrow::Decimal128& value, int32_t scale, bool plain, std::string* out) {
  if (!plain) {
    // BigDecimal.toString: an exponent when the adjusted exponent is below -6.
    std::string digits = value.ToIntegerString();
    const bool negative = digits[0] == '-';
    if (negative) digits.erase(0, 1);
    const int64_t adjusted = -static_cast<int64_t>(scale) + static_cast<int64_t>(digits.size()) - 1;
    if (scale != 0 && adjusted < -6) {
      if (negative) *out += '-';
      *out += digits[0];
      if (digits.size() > 1) *out += "." + digits.substr(1);
      *out += fmt::format("E{}{}", adjusted < 0 ? "" : "+", adjusted);
      return;
    }
  }
  std::string digits = value.ToIntegerString();
  if (digits[0] == '-') {
    *out += '-';
    digits.erase(0, 1);
  }
  if (scale <= 0) {
    *out += digits + (digits == "0" ? std::string() : std::string(static_cast<size_t>(-scale), '0'));
    return;
  }
  const auto fraction = static_cast<size_t>(scale);
  if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
  out->append(digits, 0, digits.size() - fraction);
  *out += '.';
  out->append(digits, digits.size() - fraction);
}

std::string_view TrimAll(std::string_view text) {
  const auto skip = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
  while (!text.empty() && skip(text.front())) text.remove_prefix(1);
  while (!text.empty() && skip(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> ParseInteger(std::string_view text, int64_t min, int64_t max, bool allow_fraction) {
  text = TrimAll(text);
  if (text.empty()) return std::nullopt;
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  if (allow_fraction) {
    if (const size_t point = text.find('.'); point != std::string_view::npos) {
      for (const char c : text.substr(point + 1)) {
        if (!IsDigit(c)) return std::nullopt;
      }
      text = text.substr(0, point);
      if (text.empty()) return 0;
    }
  }
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return std::nullopt;
    if (value > (UINT64_MAX - 9) / 10) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  const uint64_t limit = negative ? uint64_t{0} - static_cast<uint64_t>(min) : static_cast<uint64_t>(max);
  if (value > limit) return std::nullopt;
  return static_cast<int64_t>(negative ? uint64_t{0} - value : value);
}

std::optional<double> ParseDouble(std::string_view text) {
  return ParseFloating<double>(text);
}
std::optional<float> ParseFloat(std::string_view text) {
  return ParseFloating<float>(text);
}

std::optional<bool> ParseBoolean(std::string_view text) {
  text = TrimAll(text);
  for (const auto* word : {"t", "true", "y", "yes", "1"}) {
    if (EqualsNoCase(text, word)) return true;
  }
  for (const auto* word : {"f", "false", "n", "no", "0"}) {
    if (EqualsNoCase(text, word)) return false;
  }
  return std::nullopt;
}

DecimalOutcome ParseDecimal(std::string_view text, int32_t precision, int32_t scale, arrow::Decimal128* out) {
  bool negative = false;
  std::string digits;
  int64_t exponent = 0;
  text = JavaTrim(text);
  std::string ascii;
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) {
    ascii = WithAsciiDigits(text);
    text = ascii;
  }
  if (!ReadDecimal(text, &negative, &digits, &exponent)) return DecimalOutcome::kMalformed;
  // Spark counts the digits before the point first, and 0e100 has 101 of them.
  if (digits.empty() && exponent >= 38) return DecimalOutcome::kOverflow;
  const int64_t shift = exponent + scale;
  bool round_up = false;
  if (shift >= 0) {
    if (!digits.empty() && static_cast<int64_t>(digits.size()) + shift > 39) return DecimalOutcome::kOverflow;
    if (!digits.empty()) digits.append(static_cast<size_t>(shift), '0');
  } else {
    const int64_t kept = static_cast<int64_t>(digits.size()) + shift;
    round_up = kept >= 0 && !digits.empty() && digits[static_cast<size_t>(kept)] >= '5';
    digits.resize(kept > 0 ? static_cast<size_t>(kept) : 0);
  }
  if (digits.size() > 38) return DecimalOutcome::kOverflow;
  arrow::Decimal128 value;
  if (!digits.empty()) {
    auto parsed = arrow::Decimal128::FromString(digits);
    if (!parsed.ok()) return DecimalOutcome::kMalformed;
    value = *parsed;
  }
  if (round_up) value += arrow::Decimal128(1);
  if (negative) value.Negate();
  if (!value.FitsInPrecision(precision)) return DecimalOutcome::kOverflow;
  *out = value;
  return DecimalOutcome::kOk;
}

}  // namespace sluice
