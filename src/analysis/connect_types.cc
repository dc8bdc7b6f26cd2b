// SPDX-License-Identifier: Apache-2.0
#include "analysis/connect_types.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "types/interval_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::DataType;

constexpr int kDefaultPrecision = 10;

Result<std::shared_ptr<arrow::DataType>> StructFromConnect(const DataType::Struct& type) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const auto& field : type.fields()) {
    SLUICE_ASSIGN(auto field_type, TypeFromConnect(field.data_type()));
    fields.push_back(arrow::field(field.name(), field_type, field.nullable()));
  }
  return arrow::struct_(fields);
}

Result<std::shared_ptr<arrow::DataType>> NestedFromConnect(const DataType& type) {
  if (type.has_struct_()) return StructFromConnect(type.struct_());
  if (type.has_array()) {
    SLUICE_ASSIGN(auto element, TypeFromConnect(type.array().element_type()));
    return arrow::list(arrow::field("element", std::move(element), type.array().contains_null()));
  }
  SLUICE_ASSIGN(auto key, TypeFromConnect(type.map().key_type()));
  SLUICE_ASSIGN(auto value, TypeFromConnect(type.map().value_type()));
  return std::make_shared<arrow::MapType>(std::move(key),
                                          arrow::field("value", std::move(value), type.map().value_contains_null()));
}

// Spark numbers the fields of a kind of interval from 0.
int32_t NumberOf(IntervalField field, IntervalField zero) {
  return static_cast<int32_t>(field) - static_cast<int32_t>(zero);
}

IntervalFields IntervalFieldsOf(int32_t first, int32_t last, IntervalField zero) {
  const int32_t most = zero == IntervalField::kYear ? 1 : 3;
  const auto field = [&](int32_t number) {
    return static_cast<IntervalField>(static_cast<int32_t>(zero) + std::clamp(number, 0, most));
  };
  return {field(first), std::max(field(first), field(last))};
}

Status NestedToConnect(const arrow::DataType& type, DataType* out) {
  if (type.id() == arrow::Type::STRUCT) {
    out->mutable_struct_();
    for (const auto& field : type.fields()) {
      auto* to = out->mutable_struct_()->add_fields();
      to->set_name(field->name());
      to->set_nullable(field->nullable());
      SLUICE_ASSIGN(*to->mutable_data_type(), TypeToConnect(*field->type()));
    }
  } else if (type.id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListType&>(type);
    out->mutable_array()->set_contains_null(list.value_field()->nullable());
    SLUICE_ASSIGN(*out->mutable_array()->mutable_element_type(), TypeToConnect(*list.value_type()));
  } else {
    const auto& map = static_cast<const arrow::MapType&>(type);
    out->mutable_map()->set_value_contains_null(map.item_field()->nullable());
    SLUICE_ASSIGN(*out->mutable_map()->mutable_key_type(), TypeToConnect(*map.key_type()));
    SLUICE_ASSIGN(*out->mutable_map()->mutable_value_type(), TypeToConnect(*map.item_type()));
  }
  return Status::OK();
}

}  // namespace

Result<std::shared_ptr<arrow::DataType>> TypeFromConnect(const DataType& type) {
  switch (type.kind_case()) {
    case DataType::kNull:
      return arrow::null();
    case DataType::kBinary:
      return BinaryType();
    case DataType::kBoolean:
      return arrow::boolean();
    case DataType::kByte:
      return arrow::int8();
    case DataType::kShort:
      return arrow::int16();
    case DataType::kInteger:
      return arrow::int32();
    case DataType::kLong:
      return arrow::int64();
    case DataType::kFloat:
      return arrow::float32();
    case DataType::kDouble:
      return arrow::float64();
    case DataType::kDecimal:
      return arrow::Decimal128Type::Make(
          type.decimal().has_precision() ? type.decimal().precision() : kDefaultPrecision, type.decimal().scale());
    case DataType::kString: {
      const std::string& collation = type.string().collation();
      if (!collation.empty() && collation != "UTF8_BINARY") {
        return NotSupported(fmt::format("The collation {} is not supported by Sluice.", collation));
      }
      return StringType();
    }
    case DataType::kChar:
    case DataType::kVarChar:
      return StringType();
    case DataType::kDate:
      return arrow::date32();
    case DataType::kTimestamp:
      return TimestampType();
    case DataType::kTimestampNtz:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case DataType::kArray:
    case DataType::kStruct:
    case DataType::kMap:
      return NestedFromConnect(type);
    case DataType::kDayTimeInterval: {
      const auto& interval = type.day_time_interval();
      return IntervalType(IntervalFieldsOf(interval.has_start_field() ? interval.start_field() : 0,
                                           interval.has_end_field() ? interval.end_field() : 3, IntervalField::kDay));
    }
    case DataType::kYearMonthInterval: {
      const auto& interval = type.year_month_interval();
      return IntervalType(IntervalFieldsOf(interval.has_start_field() ? interval.start_field() : 0,
                                           interval.has_end_field() ? interval.end_field() : 1, IntervalField::kYear));
    }
    case DataType::kUnparsed:
      return ParseSparkType(type.unparsed().data_type_string());
    default:
      return NotSupported(fmt::format(
          "The type {} is not supported by Sluice.",
          type.kind_case() == 0 ? "(none)" : DataType::descriptor()->FindFieldByNumber(type.kind_case())->name()));
  }
}

Result<DataType> TypeToConnect(const arrow::DataType& type) {
  DataType out;
  switch (type.id()) {
    case arrow::Type::NA:
      out.mutable_null();
      break;
    case arrow::Type::BINARY_VIEW:
      out.mutable_binary();
      break;
    case arrow::Type::BOOL:
      out.mutable_boolean();
      break;
    case arrow::Type::INT8:
      out.mutable_byte();
      break;
    case arrow::Type::INT16:
      out.mutable_short_();
      break;
    case arrow::Type::INT32:
      out.mutable_integer();
      break;
    case arrow::Type::INT64:
      out.mutable_long_();
      break;
    case arrow::Type::FLOAT:
      out.mutable_float_();
      break;
    case arrow::Type::DOUBLE:
      out.mutable_double_();
      break;
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      out.mutable_decimal()->set_precision(decimal.precision());
      out.mutable_decimal()->set_scale(decimal.scale());
      break;
    }
    case arrow::Type::STRING_VIEW:
      out.mutable_string();  // naming the default collation would make it another type for the JVM
      break;
    case arrow::Type::DATE32:
      out.mutable_date();
      break;
    case arrow::Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(type).timezone().empty()) {
        out.mutable_timestamp_ntz();
      } else {
        out.mutable_timestamp();
      }
      break;
    case arrow::Type::DURATION: {
      const IntervalFields fields = FieldsOf(type);
      out.mutable_day_time_interval()->set_start_field(NumberOf(fields.first, IntervalField::kDay));
      out.mutable_day_time_interval()->set_end_field(NumberOf(fields.last, IntervalField::kDay));
      break;
    }
    case arrow::Type::INTERVAL_MONTHS: {
      const IntervalFields fields = FieldsOf(type);
      out.mutable_year_month_interval()->set_start_field(NumberOf(fields.first, IntervalField::kYear));
      out.mutable_year_month_interval()->set_end_field(NumberOf(fields.last, IntervalField::kYear));
      break;
    }
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::MAP: {
      SLUICE_RETURN_IF_ERROR(NestedToConnect(type, &out));
      break;
    }
    default:
      return InternalError("no type of Spark Connect for " + type.ToString());
  }
  return out;
}

Result<DataType> SchemaToConnect(const arrow::Schema& schema) {
  return TypeToConnect(arrow::StructType(schema.fields()));
}

Result<std::shared_ptr<arrow::Schema>> SchemaFromConnect(const DataType& type) {
  SLUICE_ASSIGN(const auto arrow_type, TypeFromConnect(type));
  if (arrow_type->id() != arrow::Type::STRUCT) {
    return arrow::schema({arrow::field("value", arrow_type)});
  }
  return arrow::schema(arrow_type->fields());
}

}  // namespace sluice
