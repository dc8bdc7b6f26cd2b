// SPDX-License-Identifier: Apache-2.0
#include "expr/infer_schema.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/spark_error.h"
#include "expr/csv_tokenizer.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr int kMostDigits = 38;

// How a number is written: its significant digits and those behind the point; java.math.BigDecimal's precision, scale.
struct Digits {
  int64_t precision = 0;
  int64_t scale = 0;
};

// Nothing when the text is no number.
std::optional<Digits> CountDigits(std::string_view text) {
  Digits digits;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  bool any = false;
  bool point = false;
  for (const char c : text.substr(0, e)) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    digits.scale += point;
    if (digits.precision > 0 || c != '0') ++digits.precision;
  }
  if (!any) return std::nullopt;
  digits.precision = std::max<int64_t>(digits.precision, 1);
  if (e == text.size()) return digits;
  const auto exponent = ReadJavaInteger(text.substr(e + 1), INT32_MIN, INT32_MAX);
  if (!exponent) return std::nullopt;
  digits.scale -= *exponent;
  return digits;
}

bool IsWhole(const arrow::DataType& type) {
  return type.id() == arrow::Type::INT64;
}

TypePtr MergeDecimals(const arrow::DataType& a, const arrow::DataType& b) {
  const auto& x = static_cast<const arrow::Decimal128Type&>(a);
  const auto& y = static_cast<const arrow::Decimal128Type&>(b);
  const int scale = std::max(x.scale(), y.scale());
  const int range = std::max(x.precision() - x.scale(), y.precision() - y.scale());
  return range + scale > kMostDigits ? arrow::float64() : arrow::decimal128(range + scale, scale);
}

TypePtr Merge(const TypePtr& a, const TypePtr& b);

TypePtr MergeStructs(const arrow::DataType& a, const arrow::DataType& b) {
  // Both in the order of their names.
  arrow::FieldVector fields;
  int i = 0;
  int k = 0;
  while (i < a.num_fields() || k < b.num_fields()) {
    const int order = i == a.num_fields()   ? 1
                      : k == b.num_fields() ? -1
                                            : a.field(i)->name().compare(b.field(k)->name());
    if (order < 0) {
      fields.push_back(a.field(i++));
    } else if (order > 0) {
      fields.push_back(b.field(k++));
    } else {
      fields.push_back(arrow::field(a.field(i)->name(), Merge(a.field(i)->type(), b.field(k)->type())));
      ++i;
      ++k;
    }
  }
  return arrow::struct_(std::move(fields));
}

// The type of values of both types; STRING holds any.
TypePtr Merge(const TypePtr& a, const TypePtr& b) {
  using Type = arrow::Type;
  if (a->id() == Type::NA) return b;
  if (b->id() == Type::NA) return a;
  if (a->id() == Type::STRUCT && b->id() == Type::STRUCT) return MergeStructs(*a, *b);
  if (a->id() == Type::LIST && b->id() == Type::LIST) return ArrayType(Merge(a->field(0)->type(), b->field(0)->type()));
  if (a->id() == Type::DECIMAL128 && b->id() == Type::DECIMAL128) return MergeDecimals(*a, *b);
  if (a->Equals(*b)) return a;
  const TypePtr big = arrow::decimal128(20, 0);
  if (IsWhole(*a) && b->id() == Type::DECIMAL128) return MergeDecimals(*big, *b);
  if (IsWhole(*b) && a->id() == Type::DECIMAL128) return MergeDecimals(*a, *big);
  const auto number = [](const TypePtr& type) {
    return IsWhole(*type) || type->id() == Type::DOUBLE || type->id() == Type::DECIMAL128;
  };
  return number(a) && number(b) ? arrow::float64() : StringType();
}

class JsonInference {
 public:
  JsonInference(std::string_view text, const JsonOptions& options, DatetimeFormats formats)
      : options_(options), formats_(std::move(formats)), tokenizer_(options.syntax) {
    tokenizer_.Reset(text);
  }

  Result<TypePtr> Infer() {
    if (!tokenizer_.Next()) return Malformed();
    return InferValue();
  }

 private:
  static Status Malformed() {
    return UserError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "The text of schema_of_json is no JSON.");
  }

  Result<TypePtr> InferValue() {
    while (tokenizer_.token() == JsonToken::kName) {
      if (!tokenizer_.Next()) return Malformed();
    }
    switch (tokenizer_.token()) {
      case JsonToken::kNone:
      case JsonToken::kNull:
        return arrow::null();
      case JsonToken::kTrue:
      case JsonToken::kFalse:
        return options_.primitives_as_string ? StringType() : arrow::boolean();
      case JsonToken::kString:
        return InferString();
      case JsonToken::kInteger:
      case JsonToken::kFloat:
        return InferNumber();
      case JsonToken::kObjectStart:
        return InferObject();
      case JsonToken::kArrayStart:
        return InferArray();
      default:
        return Malformed();
    }
  }

  Result<TypePtr> InferString() {
    std::string_view text;
    if (!tokenizer_.Text(&text)) return Malformed();
    if (text.empty()) return arrow::null();
    if (options_.prefers_decimal) {
      std::string plain(text);
      std::erase(plain, ',');
      const auto digits = CountDigits(plain);
      if (digits && digits->precision <= kMostDigits && digits->scale >= 0 && digits->scale <= digits->precision)
        return arrow::decimal128(static_cast<int32_t>(digits->precision), static_cast<int32_t>(digits->scale));
    }
    return options_.infer_timestamp && ReadTimestamp(text, &formats_) ? TimestampType() : StringType();
  }

  Result<TypePtr> InferNumber() {
    if (options_.primitives_as_string) return StringType();
    std::string_view text;
    if (!tokenizer_.Text(&text)) return Malformed();
    const bool whole = tokenizer_.token() == JsonToken::kInteger;
    if (whole && ReadJavaInteger(text, INT64_MIN, INT64_MAX)) return arrow::int64();
    const auto digits = whole || options_.prefers_decimal ? CountDigits(text) : std::nullopt;
    if (!digits) return arrow::float64();
    const int64_t precision = std::max(digits->precision, digits->scale);
    if (precision > kMostDigits) return arrow::float64();
    if (digits->scale < 0) {
      return UserError("NEGATIVE_SCALE_DISALLOWED",
                       fmt::format("The number {} would have a DECIMAL of a negative scale.", text));
    }
    return arrow::decimal128(static_cast<int32_t>(precision), static_cast<int32_t>(digits->scale));
  }

  Result<TypePtr> InferObject() {
    arrow::FieldVector fields;
    for (;;) {
      if (!tokenizer_.Next()) return Malformed();
      if (tokenizer_.token() == JsonToken::kNone || tokenizer_.token() == JsonToken::kObjectEnd) break;
      std::string name(tokenizer_.name().value_or(std::string_view()));
      SLUICE_ASSIGN(auto type, InferValue());
      fields.push_back(arrow::field(std::move(name), std::move(type)));
    }
    std::stable_sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a->name() < b->name(); });
    return arrow::struct_(std::move(fields));
  }

  Result<TypePtr> InferArray() {
    TypePtr element = arrow::null();
    for (;;) {
      if (!tokenizer_.Next()) return Malformed();
      if (tokenizer_.token() == JsonToken::kNone || tokenizer_.token() == JsonToken::kArrayEnd) break;
      SLUICE_ASSIGN(auto type, InferValue());
      element = Merge(element, type);
    }
    return ArrayType(std::move(element));
  }

  const JsonOptions& options_;
  DatetimeFormats formats_;
  JsonTokenizer tokenizer_;
};

// Without structs that have no field; null when nothing is left.
TypePtr Canonical(const TypePtr& type, const JsonOptions& options) {
  if (type->id() == arrow::Type::NA) return options.drop_field_if_all_null ? nullptr : StringType();
  if (type->id() == arrow::Type::LIST) {
    TypePtr element = Canonical(type->field(0)->type(), options);
    return element == nullptr ? nullptr : ArrayType(std::move(element));
  }
  if (type->id() != arrow::Type::STRUCT) return type;
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) {
    TypePtr kept = field->name().empty() ? nullptr : Canonical(field->type(), options);
    if (kept != nullptr) fields.push_back(arrow::field(field->name(), std::move(kept)));
  }
  return fields.empty() ? nullptr : arrow::struct_(std::move(fields));
}

TypePtr InferCsvField(std::string_view text, const CsvOptions& options, DatetimeFormats* formats) {
  if (ReadJavaInteger(text, INT32_MIN, INT32_MAX)) return arrow::int32();
  if (ReadJavaInteger(text, INT64_MIN, INT64_MAX)) return arrow::int64();
  std::string plain(text);
  std::erase(plain, ',');
  const auto digits = CountDigits(plain);
  if (digits && digits->scale == 0 && digits->precision <= kMostDigits)
    return arrow::decimal128(static_cast<int32_t>(digits->precision), 0);
  if (ReadJavaDouble(text) || text == options.nan || text == options.positive_infinity ||
      text == options.negative_infinity) {
    return arrow::float64();
  }
  if (options.prefer_date && ReadDate(text, formats)) return arrow::date32();
  if (ReadTimestamp(text, formats)) return TimestampType();
  std::string word(text);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word == "true" || word == "false" ? arrow::boolean() : StringType();
}

}  // namespace

Result<TypePtr> InferJsonType(std::string_view text, const JsonOptions& options) {
  SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(options.text, "UTC", true));
  SLUICE_ASSIGN(auto type, JsonInference(text, options, std::move(formats)).Infer());
  TypePtr canonical = Canonical(type, options);
  if (canonical != nullptr) return canonical;
  const TypePtr none = arrow::struct_(arrow::FieldVector());
  if (type->id() == arrow::Type::STRUCT) return none;
  const bool structs = type->id() == arrow::Type::LIST && type->field(0)->type()->id() == arrow::Type::STRUCT;
  return structs ? ArrayType(none) : StringType();
}

Result<TypePtr> InferCsvType(std::string_view line, const CsvOptions& options) {
  SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(options.text, "UTC", true));
  // Dates are only those that are written in full.
  if (!formats.date) {
    SLUICE_ASSIGN(formats.date, DatetimePattern::Compile("yyyy-MM-dd", true));
    formats.date_falls_back = false;
  }
  CsvTokenizer tokenizer(options.syntax);
  SLUICE_ASSIGN(const bool is_record, tokenizer.Split(line));
  if (!is_record) return UserError("INTERNAL_ERROR", "The text of schema_of_csv holds no record.");
  arrow::FieldVector fields;
  for (size_t i = 0; i < tokenizer.size(); ++i) {
    const std::string_view* text = tokenizer.field(i);
    const bool none = text == nullptr || text->empty() || *text == options.syntax.null_value;
    fields.push_back(
        arrow::field(fmt::format("_c{}", i), none ? StringType() : InferCsvField(*text, options, &formats)));
  }
  return arrow::struct_(std::move(fields));
}

}  // namespace sluice
