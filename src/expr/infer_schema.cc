// SPDX-License-Identifier: Apache-2.0
#include "expr/infer_schema.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/spark_error.h"
#include "expr/csv_tokenizer.h"
#include "types/spark_type.h"
#include "types/utf8_repair.h"

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
  // `formats` outlives this.
  JsonInference(std::string_view text, const JsonOptions& options, DatetimeFormats* formats)
      : options_(options), formats_(formats), tokenizer_(options.syntax) {
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
    return options_.infer_timestamp && ReadTimestamp(text, formats_) ? TimestampType() : StringType();
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
  DatetimeFormats* const formats_;
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

// The types that a CSV field is tried as, one after the other.
enum class CsvTry { kInt, kLong, kDecimal, kDouble, kDate, kTimestamp, kBoolean };

TypePtr InferCsvField(CsvTry from, std::string_view text, const CsvOptions& options, DatetimeFormats* formats) {
  if (from <= CsvTry::kInt && ReadJavaInteger(text, INT32_MIN, INT32_MAX)) return arrow::int32();
  if (from <= CsvTry::kLong && ReadJavaInteger(text, INT64_MIN, INT64_MAX)) return arrow::int64();
  if (from <= CsvTry::kDecimal) {
    std::string plain(text);
    std::erase(plain, ',');
    const auto digits = CountDigits(plain);
    if (digits && digits->scale == 0 && digits->precision <= kMostDigits)
      return arrow::decimal128(static_cast<int32_t>(digits->precision), 0);
  }
  if (from <= CsvTry::kDouble && (ReadJavaDouble(text) || text == options.nan || text == options.positive_infinity ||
                                  text == options.negative_infinity)) {
    return arrow::float64();
  }
  const bool date = from == CsvTry::kDate || (from < CsvTry::kDate && options.prefer_date);
  if (date && ReadDate(text, formats)) return arrow::date32();
  if (from <= CsvTry::kTimestamp && ReadTimestamp(text, formats)) return TimestampType();
  std::string word(text);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word == "true" || word == "false" ? arrow::boolean() : StringType();
}

Result<DatetimeFormats> CsvInferenceFormats(const CsvOptions& options) {
  SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(options.text, "UTC", true));
  // Dates are only those that are written in full.
  if (!formats.date) {
    SLUICE_ASSIGN(formats.date, DatetimePattern::Compile("yyyy-MM-dd", true));
    formats.date_falls_back = false;
  }
  return formats;
}

// Whether what CAST reads as a timestamp includes dates of this pattern.
bool IsTimestampToo(std::string_view date_pattern) {
  for (const char* pattern : {"yyyy-MM-dd", "yyyy-M-d", "yyyy-M-dd", "yyyy-MM-d", "yyyy-MM", "yyyy-M", "yyyy"}) {
    if (date_pattern == pattern) return true;
  }
  return false;
}

CsvTry FirstTry(const arrow::DataType* so_far) {
  if (so_far == nullptr) return CsvTry::kInt;
  switch (so_far->id()) {
    case arrow::Type::INT32:
      return CsvTry::kInt;
    case arrow::Type::INT64:
      return CsvTry::kLong;
    case arrow::Type::DECIMAL128:
      return CsvTry::kDecimal;
    case arrow::Type::DOUBLE:
      return CsvTry::kDouble;
    case arrow::Type::DATE32:
      return CsvTry::kDate;
    case arrow::Type::TIMESTAMP:
      return CsvTry::kTimestamp;
    default:
      return CsvTry::kBoolean;
  }
}

// Whole numbers as the decimals that hold them; others as they are.
TypePtr AsDecimal(const TypePtr& type) {
  if (type->id() == arrow::Type::INT32) return arrow::decimal128(10, 0);
  return type->id() == arrow::Type::INT64 ? arrow::decimal128(20, 0) : type;
}

bool IsNumber(const arrow::DataType& type) {
  return type.id() == arrow::Type::INT32 || type.id() == arrow::Type::INT64 || type.id() == arrow::Type::DECIMAL128 ||
         type.id() == arrow::Type::DOUBLE;
}

}  // namespace

JsonTableInference::JsonTableInference(const JsonOptions& options, DatetimeFormats formats, std::string corrupt_column)
    : options_(options),
      formats_(std::move(formats)),
      corrupt_column_(std::move(corrupt_column)),
      type_(arrow::null()) {}

Result<JsonTableInference> JsonTableInference::Make(const JsonOptions& options, std::string corrupt_column) {
  SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(options.text, "UTC", true));
  return JsonTableInference(options, std::move(formats), std::move(corrupt_column));
}

TypePtr JsonTableInference::CorruptRow() const {
  return arrow::struct_({arrow::field(corrupt_column_, StringType())});
}

Status JsonTableInference::AddRoot(TypePtr root) {
  while (root->id() == arrow::Type::LIST) root = root->field(0)->type();
  if (root->id() == arrow::Type::NA) return Status::OK();
  if (root->id() == arrow::Type::STRUCT) {
    type_ = Merge(type_, root);
    return Status::OK();
  }
  // A value that is no object: there will be no row of it.
  if (options_.mode == ParseMode::kFailFast) {
    return UserError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                     "A JSON record is no object, and the mode is FAILFAST.");
  }
  if (options_.mode == ParseMode::kPermissive) type_ = Merge(type_, CorruptRow());
  return Status::OK();
}

Status JsonTableInference::Add(std::string_view record) {
  if (!IsUtf8(record)) {
    repaired_.clear();
    AppendRepaired(record, &repaired_);
    record = repaired_;
  }
  Result<TypePtr> root = JsonInference(record, options_, &formats_).Infer();
  if (root.ok()) return AddRoot(*std::move(root));
  if (options_.mode == ParseMode::kFailFast) return root.status();
  if (options_.mode == ParseMode::kPermissive) type_ = Merge(type_, CorruptRow());
  return Status::OK();
}

std::shared_ptr<arrow::Schema> JsonTableInference::Finish() const {
  const TypePtr type = type_->id() == arrow::Type::STRUCT ? Canonical(type_, options_) : nullptr;
  return arrow::schema(type == nullptr ? arrow::FieldVector() : type->fields());
}

CsvTableInference::CsvTableInference(const CsvOptions& options, DatetimeFormats formats, bool dates_are_timestamps,
                                     size_t columns)
    : options_(options), formats_(std::move(formats)), dates_are_timestamps_(dates_are_timestamps), types_(columns) {}

Result<CsvTableInference> CsvTableInference::Make(const CsvOptions& options, size_t columns) {
  SLUICE_ASSIGN(auto formats, CsvInferenceFormats(options));
  const bool timestamps =
      !options.text.Find("timestampFormat") && IsTimestampToo(options.text.Find("dateFormat").value_or("yyyy-MM-dd"));
  return CsvTableInference(options, std::move(formats), timestamps, columns);
}

TypePtr CsvTableInference::Merged(const TypePtr& so_far, std::string_view text) {
  TypePtr found = InferCsvField(FirstTry(so_far.get()), text, options_, &formats_);
  if (so_far == nullptr || so_far->Equals(*found)) return found;
  const auto is = [&](arrow::Type::type a, arrow::Type::type b) {
    return (so_far->id() == a && found->id() == b) || (so_far->id() == b && found->id() == a);
  };
  if (is(arrow::Type::DATE32, arrow::Type::TIMESTAMP)) return dates_are_timestamps_ ? TimestampType() : StringType();
  if (!IsNumber(*so_far) || !IsNumber(*found)) return StringType();
  if (so_far->id() == arrow::Type::DOUBLE || found->id() == arrow::Type::DOUBLE) return arrow::float64();
  if (so_far->id() != arrow::Type::DECIMAL128 && found->id() != arrow::Type::DECIMAL128) return arrow::int64();
  return MergeDecimals(*AsDecimal(so_far), *AsDecimal(found));
}

void CsvTableInference::Add(const CsvTokenizer& record) {
  for (size_t i = 0; i < std::min(types_.size(), record.size()); ++i) {
    const std::string_view* text = record.field(i);
    if (text == nullptr || text->empty() || *text == options_.syntax.null_value) continue;
    if (types_[i] != nullptr && types_[i]->id() == arrow::Type::STRING_VIEW) continue;
    types_[i] = Merged(types_[i], *text);
  }
}

TypePtr CsvTableInference::TypeOf(size_t column) const {
  return types_[column] == nullptr ? StringType() : types_[column];
}

Result<TypePtr> InferJsonType(std::string_view text, const JsonOptions& options) {
  SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(options.text, "UTC", true));
  SLUICE_ASSIGN(auto type, JsonInference(text, options, &formats).Infer());
  TypePtr canonical = Canonical(type, options);
  if (canonical != nullptr) return canonical;
  const TypePtr none = arrow::struct_(arrow::FieldVector());
  if (type->id() == arrow::Type::STRUCT) return none;
  const bool structs = type->id() == arrow::Type::LIST && type->field(0)->type()->id() == arrow::Type::STRUCT;
  return structs ? ArrayType(none) : StringType();
}

Result<TypePtr> InferCsvType(std::string_view line, const CsvOptions& options) {
  SLUICE_ASSIGN(auto formats, CsvInferenceFormats(options));
  CsvTokenizer tokenizer(options.syntax);
  SLUICE_ASSIGN(const bool is_record, tokenizer.Split(line));
  if (!is_record) return UserError("INTERNAL_ERROR", "The text of schema_of_csv holds no record.");
  arrow::FieldVector fields;
  for (size_t i = 0; i < tokenizer.size(); ++i) {
    const std::string_view* text = tokenizer.field(i);
    const bool none = text == nullptr || text->empty() || *text == options.syntax.null_value;
    fields.push_back(arrow::field(fmt::format("_c{}", i),
                                  none ? StringType() : InferCsvField(CsvTry::kInt, *text, options, &formats)));
  }
  return arrow::struct_(std::move(fields));
}

}  // namespace sluice
