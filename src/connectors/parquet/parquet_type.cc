// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_type.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/types.h>

#include <utility>

#include "base/spark_error.h"
#include "connectors/parquet/column_plan.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using parquet::schema::GroupNode;
using parquet::schema::Node;
using parquet::schema::PrimitiveNode;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr int kMaxDigits = 38;

Status NoType(const Node& node) {
  return UserError("PARQUET_TYPE_ILLEGAL",
                   fmt::format("There is no type for the Parquet type {} of {}.", ParquetTypeText(node), node.name()),
                   {{"parquetType", ParquetTypeText(node)}});
}

Result<TypePtr> TypeOfInt(const PrimitiveNode& node) {
  const auto& whole = static_cast<const parquet::IntLogicalType&>(*node.logical_type());
  switch (whole.bit_width()) {
    case 8:
      return whole.is_signed() ? arrow::int8() : arrow::int16();
    case 16:
      return whole.is_signed() ? arrow::int16() : arrow::int32();
    case 32:
      return whole.is_signed() ? arrow::int32() : arrow::int64();
    default:
      return whole.is_signed() ? arrow::int64() : arrow::decimal128(20, 0);
  }
}

Result<TypePtr> TypeOfPhysical(const PrimitiveNode& node) {
  switch (node.physical_type()) {
    case parquet::Type::BOOLEAN:
      return arrow::boolean();
    case parquet::Type::INT32:
      return arrow::int32();
    case parquet::Type::INT64:
      return arrow::int64();
    case parquet::Type::INT96:
      return TimestampType();
    case parquet::Type::FLOAT:
      return arrow::float32();
    case parquet::Type::DOUBLE:
      return arrow::float64();
    case parquet::Type::BYTE_ARRAY:
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return BinaryType();
    default:
      return NoType(node);
  }
}

// Spark has a type for some of them, which is off there by default.
Status TypeOfTime(const PrimitiveNode& node) {
  const auto& time = static_cast<const parquet::TimeLogicalType&>(*node.logical_type());
  if (time.time_unit() != parquet::LogicalType::TimeUnit::MICROS) return NoType(node);
  return UserError("UNSUPPORTED_TIME_TYPE", fmt::format("The data type TIME of {} is not supported.", node.name()));
}

Result<TypePtr> TypeOfPrimitive(const PrimitiveNode& node) {
  const parquet::LogicalType& logical = *node.logical_type();
  if (logical.is_none()) {
    if (node.converted_type() == parquet::ConvertedType::INTERVAL) return NoType(node);
    return TypeOfPhysical(node);
  }
  if (logical.is_string() || logical.is_enum() || logical.is_JSON() || logical.is_UUID()) return StringType();
  if (logical.is_BSON() || logical.is_geometry() || logical.is_geography()) return BinaryType();
  if (logical.is_int()) return TypeOfInt(node);
  if (logical.is_date()) return arrow::date32();
  if (logical.is_float16()) return arrow::float32();
  if (logical.is_null()) return TypeOfPhysical(node);
  if (logical.is_time()) return TypeOfTime(node);
  if (logical.is_timestamp()) {
    const auto& at = static_cast<const parquet::TimestampLogicalType&>(logical);
    return at.is_adjusted_to_utc() ? TimestampType() : TimestampNtzType();
  }
  if (logical.is_decimal()) {
    const auto& decimal = static_cast<const parquet::DecimalLogicalType&>(logical);
    if (decimal.precision() > kMaxDigits) {
      return UserError(
          "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
          fmt::format("The decimal precision {} of {} exceeds the max precision {}.", decimal.precision(), node.name(),
                      kMaxDigits),
          {{"precision", fmt::format("{}", decimal.precision())}, {"maxPrecision", fmt::format("{}", kMaxDigits)}});
    }
    if (decimal.precision() < 1) return NoType(node);
    return arrow::decimal128(decimal.precision(), decimal.scale());
  }
  return NoType(node);
}

Result<TypePtr> TypeOfValue(const Node& node);

Result<TypePtr> TypeOfStruct(const GroupNode& group) {
  if (group.logical_type()->is_variant() || group.field_count() == 0) return NoType(group);
  arrow::FieldVector fields;
  for (int i = 0; i < group.field_count(); ++i) {
    SLUICE_ASSIGN(auto type, TypeOfParquetNode(*group.field(i)));
    fields.push_back(arrow::field(group.field(i)->name(), std::move(type)));
  }
  return arrow::struct_(std::move(fields));
}

// Of a node whose own repetition is somebody else's matter.
Result<TypePtr> TypeOfValue(const Node& node) {
  if (node.is_primitive()) return TypeOfPrimitive(static_cast<const PrimitiveNode&>(node));
  const auto& group = static_cast<const GroupNode&>(node);
  if (IsListGroup(node)) {
    bool own = false;
    const Node* element = ElementOf(group, &own);
    SLUICE_ASSIGN(auto type, own ? TypeOfValue(*element) : TypeOfParquetNode(*element));
    return ArrayType(std::move(type));
  }
  if (IsMapGroup(node)) {
    const auto& pair = static_cast<const GroupNode&>(*group.field(0));
    SLUICE_ASSIGN(auto key, TypeOfParquetNode(*pair.field(0)));
    SLUICE_ASSIGN(auto value, TypeOfParquetNode(*pair.field(1)));
    return MapOf(std::move(key), std::move(value));
  }
  if (group.logical_type()->is_list() || group.logical_type()->is_map()) return NoType(node);
  return TypeOfStruct(group);
}

}  // namespace

Result<TypePtr> TypeOfParquetNode(const Node& node) {
  SLUICE_ASSIGN(auto type, TypeOfValue(node));
  return node.is_repeated() ? ArrayType(std::move(type)) : type;
}

std::string ParquetTypeText(const Node& node) {
  std::string text = "group";
  if (node.is_primitive()) {
    const auto& primitive = static_cast<const PrimitiveNode&>(node);
    text = parquet::TypeToString(primitive.physical_type());
    if (primitive.physical_type() == parquet::Type::FIXED_LEN_BYTE_ARRAY) {
      text += fmt::format("({})", primitive.type_length());
    }
  }
  const auto& logical = node.logical_type();
  if (logical != nullptr && !logical->is_none()) return fmt::format("{} ({})", text, logical->ToString());
  return text;
}

}  // namespace sluice
