// SPDX-License-Identifier: Apache-2.0
#include "expr/text_values.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <limits>

#include "base/spark_error.h"
#include "expr/base64.h"
#include "types/calendar.h"
#include "types/datetime_text.h"
#include "types/number_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

template <typename Builder, typename Value>
Result<bool> Put(arrow::ArrayBuilder* builder, const std::optional<Value>& value) {
  if (!value) {
    SLUICE_RETURN_IF_ERROR(builder->AppendNull());
    return false;
  }
  SLUICE_RETURN_IF_ERROR(static_cast<Builder*>(builder)->Append(*value));
  return true;
}

template <typename Builder, typename Int>
Result<bool> PutInteger(arrow::ArrayBuilder* builder, std::string_view text) {
  const auto value = ParseInteger(text, std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max(), false);
  return Put<Builder>(builder, value ? std::optional<Int>(static_cast<Int>(*value)) : std::nullopt);
}

std::optional<arrow::Decimal128> Decimal(std::string_view text, const arrow::DataType& type) {
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
  arrow::Decimal128 value;
  if (ParseDecimal(text, decimal.precision(), decimal.scale(), &value) != DecimalOutcome::kOk) return std::nullopt;
  return value;
}

// Words that JSON has no numbers for.
bool IsFloatWord(std::string_view text) {
  for (const auto* word : {"NaN", "Infinity", "+Infinity", "-Infinity", "INF", "+INF", "-INF"}) {
    if (text == word) return true;
  }
  return false;
}

}  // namespace

Result<bool> ValueAppender::AppendText(std::string_view text, const arrow::DataType& type,
                                       arrow::ArrayBuilder* builder) {
  switch (type.id()) {
    case arrow::Type::BOOL: {
      const bool known = text == "true" || text == "false";
      return Put<arrow::BooleanBuilder>(builder, known ? std::optional<bool>(text == "true") : std::nullopt);
    }
    case arrow::Type::INT8:
      return PutInteger<arrow::Int8Builder, int8_t>(builder, text);
    case arrow::Type::INT16:
      return PutInteger<arrow::Int16Builder, int16_t>(builder, text);
    case arrow::Type::INT32:
      return PutInteger<arrow::Int32Builder, int32_t>(builder, text);
    case arrow::Type::INT64:
      return PutInteger<arrow::Int64Builder, int64_t>(builder, text);
    case arrow::Type::FLOAT:
      return Put<arrow::FloatBuilder>(builder, ParseFloat(text));
    case arrow::Type::DOUBLE:
      return Put<arrow::DoubleBuilder>(builder, ParseDouble(text));
    case arrow::Type::DECIMAL128:
      return Put<arrow::Decimal128Builder>(builder, Decimal(text, type));
    case arrow::Type::STRING_VIEW:
      return Put<arrow::StringViewBuilder>(builder, std::optional<std::string_view>(text));
    case arrow::Type::BINARY_VIEW:
      return Put<arrow::BinaryViewBuilder>(builder, std::optional<std::string_view>(text));
    case arrow::Type::DATE32:
      return Put<arrow::Date32Builder>(builder, ParseDate(text));
    case arrow::Type::TIMESTAMP:
      return Put<arrow::TimestampBuilder>(
          builder, type.Equals(TimestampType()) ? ParseTimestamp(text, &zone_) : ParseLocalTimestamp(text));
    default:
      return NotSupported(fmt::format("Reading {} from text is not supported.", SparkTypeName(type)));
  }
}

Result<bool> ValueAppender::AppendScalar(const JsonValue& value, const arrow::DataType& type,
                                         arrow::ArrayBuilder* builder) {
  const bool number = value.kind == JsonValue::kNumber;
  const bool text = value.kind == JsonValue::kString;
  bool readable = false;
  switch (type.id()) {
    case arrow::Type::STRING_VIEW: {
      if (text) return AppendText(value.text, type, builder);
      std::string whole;
      AppendJson(value, &whole);
      return AppendText(whole, type, builder);
    }
    case arrow::Type::BOOL: {
      const bool known = value.kind == JsonValue::kTrue || value.kind == JsonValue::kFalse;
      return Put<arrow::BooleanBuilder>(builder,
                                        known ? std::optional<bool>(value.kind == JsonValue::kTrue) : std::nullopt);
    }
    case arrow::Type::BINARY_VIEW:
      return Put<arrow::BinaryViewBuilder>(builder, text ? DecodeBase64(value.text) : std::nullopt);
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      readable = number || (text && IsFloatWord(value.text));
      break;
    case arrow::Type::DATE32:
      readable = text;
      break;
    case arrow::Type::TIMESTAMP:
      if (number && type.Equals(TimestampType())) {
        const auto seconds =
            ParseInteger(value.text, INT64_MIN / kMicrosPerSecond, INT64_MAX / kMicrosPerSecond, false);
        return Put<arrow::TimestampBuilder>(
            builder, seconds ? std::optional<int64_t>(*seconds * kMicrosPerSecond) : std::nullopt);
      }
      readable = text;
      break;
    default:
      readable = number || (text && type.id() == arrow::Type::DECIMAL128);
  }
  if (readable) return AppendText(value.text, type, builder);
  SLUICE_RETURN_IF_ERROR(builder->AppendNull());
  return false;
}

Result<bool> ValueAppender::AppendObject(const JsonValue& value, const arrow::DataType& type,
                                         arrow::ArrayBuilder* builder) {
  bool good = true;
  if (type.id() == arrow::Type::MAP) {
    const auto& map_type = static_cast<const arrow::MapType&>(type);
    auto* map = static_cast<arrow::MapBuilder*>(builder);
    SLUICE_RETURN_IF_ERROR(map->Append());
    for (const auto& member : value.members) {
      JsonValue key;
      key.kind = JsonValue::kString;
      key.text = member.first;
      SLUICE_ASSIGN(const bool key_good, AppendText(key.text, *map_type.key_type(), map->key_builder()));
      SLUICE_ASSIGN(const bool item_good, AppendJsonValue(member.second, *map_type.item_type(), map->item_builder()));
      good = good && key_good && item_good;
    }
    return good;
  }
  auto* fields = static_cast<arrow::StructBuilder*>(builder);
  SLUICE_RETURN_IF_ERROR(fields->Append());
  for (int i = 0; i < type.num_fields(); ++i) {
    // Of repeated members the last one counts.
    const JsonValue* found = nullptr;
    for (const auto& member : value.members) {
      if (member.first == type.field(i)->name()) found = &member.second;
    }
    if (found == nullptr) {
      SLUICE_RETURN_IF_ERROR(fields->field_builder(i)->AppendNull());
      continue;
    }
    SLUICE_ASSIGN(const bool field_good, AppendJsonValue(*found, *type.field(i)->type(), fields->field_builder(i)));
    good = good && field_good;
  }
  return good;
}

Result<bool> ValueAppender::AppendJsonValue(const JsonValue& value, const arrow::DataType& type,
                                            arrow::ArrayBuilder* builder) {
  if (value.kind == JsonValue::kNull || type.id() == arrow::Type::NA) {
    SLUICE_RETURN_IF_ERROR(builder->AppendNull());
    return true;
  }
  if (type.num_fields() == 0) return AppendScalar(value, type, builder);
  if (type.id() == arrow::Type::LIST && value.kind == JsonValue::kArray) {
    auto* list = static_cast<arrow::ListBuilder*>(builder);
    SLUICE_RETURN_IF_ERROR(list->Append());
    bool good = true;
    for (const auto& item : value.items) {
      SLUICE_ASSIGN(const bool item_good, AppendJsonValue(item, *type.field(0)->type(), list->value_builder()));
      good = good && item_good;
    }
    return good;
  }
  if (type.id() != arrow::Type::LIST && value.kind == JsonValue::kObject) return AppendObject(value, type, builder);
  SLUICE_RETURN_IF_ERROR(builder->AppendNull());
  return false;
}

}  // namespace sluice
