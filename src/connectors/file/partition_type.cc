// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/partition_type.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/spark_error.h"
#include "types/datetime_text.h"
#include "types/number_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr size_t kDateLength = 10;       // "2024-02-03"
constexpr size_t kTimestampLength = 19;  // "2024-02-03 04:05:06"
constexpr int kMaxDigits = 38;
constexpr int kDigitsOfInt = 10;
constexpr int kDigitsOfLong = 20;

bool IsWhole(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<int64_t> WholeOf(const std::string& text, int64_t min, int64_t max) {
  return IsWhole(text) ? ParseInteger(text, min, max, false) : std::nullopt;
}

// The digits of a whole number as Java's BigDecimal counts them; an exponent moves its point.
std::optional<int> DigitsOf(const std::string& text) {
  const size_t e = text.find_first_of("eE");
  int64_t exponent = 0;
  if (e != std::string::npos) {
    const auto parsed = WholeOf(text.substr(e + 1), 0, kMaxDigits);
    if (!parsed) return std::nullopt;
    exponent = *parsed;
  }
  std::string digits = text.substr(0, e);
  const size_t point = digits.find('.');
  if (point != std::string::npos) {
    exponent -= static_cast<int64_t>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  if (exponent < 0 || !IsWhole(digits)) return std::nullopt;
  digits.erase(0, digits.find_first_not_of("+-0"));
  const auto count = std::max<int64_t>(1, static_cast<int64_t>(digits.size()) + (digits.empty() ? 0 : exponent));
  return count <= kMaxDigits ? std::optional(static_cast<int>(count)) : std::nullopt;
}

// As Java reads them, hexadecimal ones included; blanks around them do not belong to numbers here.
std::optional<double> DoubleOf(const std::string& text) {
  if (text.empty() || TrimAll(text).size() != text.size()) return std::nullopt;
  if (const auto value = ParseDouble(text)) return value;
  const size_t digits = text.find_first_of("0123456789");
  if (digits == std::string::npos || text.find_first_of("pP") == std::string::npos) return std::nullopt;
  if (text.compare(digits, 2, "0x") != 0 && text.compare(digits, 2, "0X") != 0) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return end == text.c_str() + text.size() ? std::optional(value) : std::nullopt;
}

// "2024-02-03 04:05:06", and at most one digit of a fraction.
bool IsTimestamp(const std::string& text) {
  const bool has_fraction = text.size() == kTimestampLength + 2 && text[kTimestampLength] == '.';
  if (text.size() != kTimestampLength && !has_fraction) return false;
  return text[kDateLength] == ' ' && ParseLocalTimestamp(text).has_value();
}

TypePtr TypeOfText(const std::string& text) {
  if (WholeOf(text, INT32_MIN, INT32_MAX)) return arrow::int32();
  if (WholeOf(text, INT64_MIN, INT64_MAX)) return arrow::int64();
  if (const auto digits = DigitsOf(text)) return arrow::decimal128(*digits, 0);
  if (DoubleOf(text)) return arrow::float64();
  if (IsTimestamp(text)) return TimestampType();
  if (text.size() == kDateLength && ParseDate(text)) return arrow::date32();
  return StringType();
}

int DigitsOf(const arrow::DataType& type) {
  if (type.id() == arrow::Type::INT32) return kDigitsOfInt;
  if (type.id() == arrow::Type::INT64) return kDigitsOfLong;
  return static_cast<const arrow::DecimalType&>(type).precision();
}

// Of two different types.
TypePtr Wider(const TypePtr& a, const TypePtr& b) {
  using arrow::Type;
  const auto has = [&](Type::type id) { return a->id() == id || b->id() == id; };
  const auto is_exact = [](const TypePtr& t) {
    return t->id() == Type::INT32 || t->id() == Type::INT64 || t->id() == Type::DECIMAL128;
  };
  if (is_exact(a) && is_exact(b)) {
    if (!has(Type::DECIMAL128)) return arrow::int64();
    return arrow::decimal128(std::max(DigitsOf(*a), DigitsOf(*b)), 0);
  }
  if (has(Type::DOUBLE) && has(Type::INT32)) return arrow::float64();
  if (has(Type::DATE32) && has(Type::TIMESTAMP)) return TimestampType();
  return StringType();
}

Result<TimeZone> ZoneOf(const std::string& name) {
  if (name.empty()) return TimeZone::Utc();
  return TimeZone::Find(name);
}

}  // namespace

TypePtr InferPartitionType(const std::vector<std::optional<std::string>>& values) {
  TypePtr type;
  for (const auto& value : values) {
    if (!value) continue;
    const TypePtr next = TypeOfText(*value);
    type = type == nullptr || type->Equals(next) ? next : Wider(type, next);
  }
  return type == nullptr ? arrow::null() : type;
}

Result<std::shared_ptr<arrow::Scalar>> PartitionValue(const std::optional<std::string>& text, const TypePtr& type,
                                                      const std::string& time_zone) {
  if (!text) return arrow::MakeNullScalar(type);
  const auto fits = [&](auto value) -> Result<std::shared_ptr<arrow::Scalar>> {
    if (value) return *std::move(value);
    return UserError("SLUICE_PARTITION_VALUE",
                     fmt::format("A folder of the table has the value '{}', which is no {} as its column is.", *text,
                                 SparkTypeName(*type)));
  };
  using Made = std::optional<std::shared_ptr<arrow::Scalar>>;
  switch (type->id()) {
    case arrow::Type::INT32: {
      const auto value = WholeOf(*text, INT32_MIN, INT32_MAX);
      return fits(value ? Made(arrow::MakeScalar(static_cast<int32_t>(*value))) : Made());
    }
    case arrow::Type::INT64: {
      const auto value = WholeOf(*text, INT64_MIN, INT64_MAX);
      return fits(value ? Made(arrow::MakeScalar(int64_t{*value})) : Made());
    }
    case arrow::Type::DECIMAL128: {
      arrow::Decimal128 value;
      const int digits = static_cast<const arrow::DecimalType&>(*type).precision();
      return fits(ParseDecimal(*text, digits, 0, &value) == DecimalOutcome::kOk
                      ? Made(std::make_shared<arrow::Decimal128Scalar>(value, type))
                      : Made());
    }
    case arrow::Type::DOUBLE: {
      const auto value = DoubleOf(*text);
      return fits(value ? Made(arrow::MakeScalar(double{*value})) : Made());
    }
    case arrow::Type::DATE32: {
      const auto value = ParseDate(*text);
      return fits(value ? Made(std::make_shared<arrow::Date32Scalar>(*value)) : Made());
    }
    case arrow::Type::TIMESTAMP: {
      SLUICE_ASSIGN(TimeZone zone, ZoneOf(time_zone));
      const auto value = ParseTimestamp(*text, &zone);
      return fits(value ? Made(std::make_shared<arrow::TimestampScalar>(*value, type)) : Made());
    }
    case arrow::Type::STRING_VIEW:
      return std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(*text));
    default:
      return NotSupported(
          fmt::format("A column of the type {} that folders of a table stand for.", SparkTypeName(*type)));
  }
}

}  // namespace sluice
