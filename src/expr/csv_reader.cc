// SPDX-License-Identifier: Apache-2.0
#include "expr/csv_reader.h"

#include <arrow/api.h>

#include <limits>

#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

bool EqualsNoCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

template <typename Int>
bool Integer(std::string_view text, ReadValue* out) {
  const auto value = ReadJavaInteger(text, std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max());
  if (value) out->integer = *value;
  return value.has_value();
}

template <typename Value>
bool Take(const std::optional<Value>& value, int64_t* to) {
  if (value) *to = *value;
  return value.has_value();
}

}  // namespace

bool IsCsvType(const arrow::DataType& type) {
  return type.num_fields() == 0 && type.id() != arrow::Type::NA;
}

namespace {

CsvFields AllFields(const arrow::DataType& type) {
  CsvFields fields;
  for (int i = 0; i < type.num_fields(); ++i) fields.places.push_back(static_cast<size_t>(i));
  fields.expected = fields.places.size();
  return fields;
}

}  // namespace

CsvReader::CsvReader(const arrow::DataType& type, const CsvOptions& options, DatetimeFormats formats)
    : CsvReader(type, AllFields(type), options, std::move(formats)) {}

CsvReader::CsvReader(const arrow::DataType& type, CsvFields fields, const CsvOptions& options, DatetimeFormats formats)
    : fields_(std::move(fields)), options_(options), formats_(std::move(formats)), tokenizer_(options.syntax) {
  for (const auto& field : type.fields()) types_.push_back(field->type().get());
}

Result<RecordOutcome> CsvReader::Read(std::string_view line) {
  value_ = {};
  values_.Clear();
  if (!IsUtf8(line)) {
    repaired_.clear();
    AppendRepaired(line, &repaired_);
    line = repaired_;
  }
  // Files begin with a byte order mark; Spark's parser takes it from every line.
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  value_.kind = ReadValue::kSet;
  value_.size = static_cast<uint32_t>(types_.size());
  value_.first = values_.Add(types_.size());
  // Spark does not look at the line either.
  if (types_.empty() && fields_.expected.value_or(0) == 0) return RecordOutcome::kGood;
  SLUICE_ASSIGN(const bool is_record, tokenizer_.Split(line));
  if (!is_record) return RecordOutcome::kMalformed;
  bool good = !fields_.expected || tokenizer_.size() == *fields_.expected;
  for (size_t i = 0; i < types_.size(); ++i) {
    if (fields_.places[i] >= tokenizer_.size()) continue;
    const std::string_view* text = tokenizer_.field(fields_.places[i]);
    if (text == nullptr || *text == options_.syntax.null_value) continue;
    ReadValue& value = values_[value_.first + i];
    if (Convert(*types_[i], *text, &value)) {
      value.kind = ReadValue::kSet;
    } else {
      good = false;
    }
  }
  return good ? RecordOutcome::kGood : RecordOutcome::kPartial;
}

bool CsvReader::ConvertFloating(bool single, std::string_view text, ReadValue* out) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == options_.nan) {
    out->real = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (text == options_.negative_infinity || text == options_.positive_infinity) {
    out->real = text == options_.negative_infinity ? -kInfinity : kInfinity;
    return true;
  }
  const auto value = single ? std::optional<double>(ReadJavaFloat(text)) : ReadJavaDouble(text);
  if (value) out->real = *value;
  return value.has_value();
}

bool CsvReader::Convert(const arrow::DataType& type, std::string_view text, ReadValue* out) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      out->integer = EqualsNoCase(text, "true");
      return out->integer != 0 || EqualsNoCase(text, "false");
    case arrow::Type::INT8:
      return Integer<int8_t>(text, out);
    case arrow::Type::INT16:
      return Integer<int16_t>(text, out);
    case arrow::Type::INT32:
      return Integer<int32_t>(text, out);
    case arrow::Type::INT64:
      return Integer<int64_t>(text, out);
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return ConvertFloating(type.id() == arrow::Type::FLOAT, text, out);
    case arrow::Type::DECIMAL128: {
      const auto value = ReadDecimal(text, type);
      if (value) out->decimal = *value;
      return value.has_value();
    }
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      out->text = text;
      return true;
    case arrow::Type::DATE32:
      return Take(ReadDate(text, &formats_), &out->integer);
    case arrow::Type::TIMESTAMP:
      return Take(type.Equals(TimestampType()) ? ReadTimestamp(text, &formats_) : ReadTimestampNtz(text, &formats_),
                  &out->integer);
    default:
      return false;
  }
}

}  // namespace sluice
