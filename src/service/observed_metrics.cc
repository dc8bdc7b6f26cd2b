// SPDX-License-Identifier: Apache-2.0
#include "service/observed_metrics.h"

#include <arrow/api.h>

#include <algorithm>
#include <string>
#include <utility>

#include "analysis/connect_types.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

using spark::connect::Expression;

// Clients read the types of elements where older servers put them too.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
Result<Expression::Literal> NestedOf(const arrow::Array& array, int64_t row) {
  Expression::Literal literal;
  if (array.type_id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(array);
    SLUICE_ASSIGN(*literal.mutable_array()->mutable_element_type(), TypeToConnect(*list.value_type()));
    for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
      SLUICE_ASSIGN(*literal.mutable_array()->add_elements(), LiteralOf(*list.values(), i));
    }
    return literal;
  }
  if (array.type_id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapArray&>(array);
    SLUICE_ASSIGN(*literal.mutable_map()->mutable_key_type(), TypeToConnect(*map.keys()->type()));
    SLUICE_ASSIGN(*literal.mutable_map()->mutable_value_type(), TypeToConnect(*map.items()->type()));
    for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
      SLUICE_ASSIGN(*literal.mutable_map()->add_keys(), LiteralOf(*map.keys(), i));
      SLUICE_ASSIGN(*literal.mutable_map()->add_values(), LiteralOf(*map.items(), i));
    }
    return literal;
  }
  const auto& fields = static_cast<const arrow::StructArray&>(array);
  SLUICE_ASSIGN(*literal.mutable_struct_()->mutable_struct_type(), TypeToConnect(*array.type()));
  for (int i = 0; i < fields.num_fields(); ++i) {
    SLUICE_ASSIGN(*literal.mutable_struct_()->add_elements(), LiteralOf(*fields.field(i), row));
  }
  return literal;
}

#pragma GCC diagnostic pop

void SetDecimal(const arrow::Decimal128Array& array, int64_t row, Expression::Literal* literal) {
  const auto& type = static_cast<const arrow::Decimal128Type&>(*array.type());
  const arrow::Decimal128 value(array.GetValue(row));
  std::string text = value.ToString(type.scale());
  // Spark tells the digits that the value has.
  int32_t digits = 0;
  for (const char c : value.ToIntegerString()) digits += c >= '0' && c <= '9' ? 1 : 0;
  literal->mutable_decimal()->set_value(std::move(text));
  literal->mutable_decimal()->set_precision(std::max(digits, type.scale()));
  literal->mutable_decimal()->set_scale(type.scale());
}

template <typename ArrayType>
auto ValueAt(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).GetView(row);
}

// Numbers, and what is carried as one.
bool SetNumber(const arrow::Array& array, int64_t row, Expression::Literal* literal) {
  switch (array.type_id()) {
    case arrow::Type::INT8:
      literal->set_byte(ValueAt<arrow::Int8Array>(array, row));
      return true;
    case arrow::Type::INT16:
      literal->set_short_(ValueAt<arrow::Int16Array>(array, row));
      return true;
    case arrow::Type::INT32:
      literal->set_integer(ValueAt<arrow::Int32Array>(array, row));
      return true;
    case arrow::Type::INT64:
      literal->set_long_(ValueAt<arrow::Int64Array>(array, row));
      return true;
    case arrow::Type::FLOAT:
      literal->set_float_(ValueAt<arrow::FloatArray>(array, row));
      return true;
    case arrow::Type::DOUBLE:
      literal->set_double_(ValueAt<arrow::DoubleArray>(array, row));
      return true;
    case arrow::Type::DATE32:
      literal->set_date(ValueAt<arrow::Date32Array>(array, row));
      return true;
    case arrow::Type::DURATION:
      literal->set_day_time_interval(ValueAt<arrow::DurationArray>(array, row));
      return true;
    case arrow::Type::INTERVAL_MONTHS:
      literal->set_year_month_interval(ValueAt<arrow::MonthIntervalArray>(array, row));
      return true;
    case arrow::Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(*array.type()).timezone().empty()) {
        literal->set_timestamp_ntz(ValueAt<arrow::TimestampArray>(array, row));
      } else {
        literal->set_timestamp(ValueAt<arrow::TimestampArray>(array, row));
      }
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<Expression::Literal> LiteralOf(const arrow::Array& array, int64_t row) {
  Expression::Literal literal;
  if (array.IsNull(row)) {
    SLUICE_ASSIGN(*literal.mutable_null(), TypeToConnect(*array.type()));
    return literal;
  }
  if (SetNumber(array, row, &literal)) return literal;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      literal.set_boolean(ValueAt<arrow::BooleanArray>(array, row));
      return literal;
    case arrow::Type::STRING_VIEW:
      literal.set_string(std::string(ValueAt<arrow::StringViewArray>(array, row)));
      return literal;
    case arrow::Type::BINARY_VIEW:
      literal.set_binary(std::string(ValueAt<arrow::BinaryViewArray>(array, row)));
      return literal;
    case arrow::Type::DECIMAL128:
      SetDecimal(static_cast<const arrow::Decimal128Array&>(array), row, &literal);
      return literal;
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return NestedOf(array, row);
    default:
      return NotSupported("A metric of the type " + array.type()->ToString() + " is not supported by Sluice.");
  }
}

Result<std::vector<spark::connect::ExecutePlanResponse>> ObservedMetricsOf(const Measurements& measurements) {
  std::vector<spark::connect::ExecutePlanResponse> responses;
  if (measurements.empty()) return responses;
  SLUICE_ASSIGN(const std::vector<ObservedMetrics> observed, TakeMetrics(measurements));
  for (const ObservedMetrics& metrics : observed) {
    auto* message = responses.emplace_back().add_observed_metrics();
    message->set_name(metrics.name);
    message->set_plan_id(metrics.plan_id);
    for (int i = 0; i < metrics.row->num_columns(); ++i) {
      message->add_keys(metrics.row->schema()->field(i)->name());
      SLUICE_ASSIGN(*message->add_values(), LiteralOf(*metrics.row->column(i), 0));
    }
  }
  return responses;
}

}  // namespace sluice
