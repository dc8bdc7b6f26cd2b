// SPDX-License-Identifier: Apache-2.0
#include "expr/rounded_number.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include <cmath>

namespace sluice {
namespace {

int64_t Whole(double value) {
  constexpr double kEnd = 9223372036854775808.0;
  return std::isnan(value) ? 0 : value >= kEnd ? INT64_MAX : value < -kEnd ? INT64_MIN : static_cast<int64_t>(value);
}

}  // namespace

Status AppendRounded(double value, arrow::ArrayBuilder* builder) {
  switch (builder->type()->id()) {
    case arrow::Type::INT8:
      return static_cast<arrow::Int8Builder*>(builder)->Append(static_cast<int8_t>(Whole(value)));
    case arrow::Type::INT16:
      return static_cast<arrow::Int16Builder*>(builder)->Append(static_cast<int16_t>(Whole(value)));
    case arrow::Type::INT32:
      return static_cast<arrow::Int32Builder*>(builder)->Append(static_cast<int32_t>(Whole(value)));
    case arrow::Type::DATE32:
      return static_cast<arrow::Date32Builder*>(builder)->Append(static_cast<int32_t>(Whole(value)));
    case arrow::Type::INT64:
      return static_cast<arrow::Int64Builder*>(builder)->Append(Whole(value));
    case arrow::Type::TIMESTAMP:
      return static_cast<arrow::TimestampBuilder*>(builder)->Append(Whole(value));
    case arrow::Type::FLOAT:
      return static_cast<arrow::FloatBuilder*>(builder)->Append(static_cast<float>(value));
    case arrow::Type::DECIMAL128: {
      const auto& type = static_cast<const arrow::Decimal128Type&>(*builder->type());
      const auto exact = arrow::Decimal128::FromReal(value, type.precision(), type.scale());
      auto* decimals = static_cast<arrow::Decimal128Builder*>(builder);
      return exact.ok() ? decimals->Append(*exact) : decimals->AppendNull();
    }
    default:
      return static_cast<arrow::DoubleBuilder*>(builder)->Append(value);
  }
}

}  // namespace sluice
