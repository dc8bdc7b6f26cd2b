// SPDX-License-Identifier: Apache-2.0
// Casts among numbers, BOOLEAN and DECIMAL.
#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <cmath>

#include "expr/cast.h"
#include "types/number_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using arrow::Decimal128;

// Java's narrowing: long to int keeps the low bits; floating to int saturates, and to smaller types goes through int.
template <typename Out, typename In>
Out JavaNarrow(In value) {
  if constexpr (std::is_floating_point_v<In> && std::is_integral_v<Out>) {
    using Wide = std::conditional_t<sizeof(Out) == 8, int64_t, int32_t>;
    if (std::isnan(value)) return 0;
    if (value >= static_cast<In>(std::numeric_limits<Wide>::max())) {
      return static_cast<Out>(std::numeric_limits<Wide>::max());
    }
    if (value <= static_cast<In>(std::numeric_limits<Wide>::min())) {
      return static_cast<Out>(std::numeric_limits<Wide>::min());
    }
    return static_cast<Out>(static_cast<Wide>(value));
  } else {
    return static_cast<Out>(value);
  }
}

template <typename Out, typename In>
bool Fits(In value) {
  if constexpr (std::is_floating_point_v<Out> || (std::is_integral_v<In> && sizeof(Out) >= sizeof(In))) {
    return true;
  } else if constexpr (std::is_floating_point_v<In>) {
    // Spark compares the floor and the ceiling with the ends of the type.
    return std::floor(value) <= static_cast<In>(std::numeric_limits<Out>::max()) &&
           std::ceil(value) >= static_cast<In>(std::numeric_limits<Out>::min());
  } else {
    return value >= std::numeric_limits<Out>::min() && value <= std::numeric_limits<Out>::max();
  }
}

template <typename Out, typename In>
Result<ArrayPtr> Convert(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  const bool checked = call.mode != CastMode::kLegacy;
  return CastRows<Out, In>(column, to, call, [=](In value, Out* out) {
    if constexpr (std::is_same_v<Out, bool>) {
      *out = value != 0;
    } else if constexpr (std::is_same_v<In, bool>) {
      *out = static_cast<Out>(value ? 1 : 0);
    } else {
      if (checked && !Fits<Out>(value)) return CastOutcome::kOverflow;
      *out = JavaNarrow<Out>(value);
    }
    return CastOutcome::kOk;
  });
}

template <typename In>
Result<ArrayPtr> ConvertFrom(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  switch (to->id()) {
    case arrow::Type::BOOL:
      return Convert<bool, In>(column, to, call);
    case arrow::Type::INT8:
      return Convert<int8_t, In>(column, to, call);
    case arrow::Type::INT16:
      return Convert<int16_t, In>(column, to, call);
    case arrow::Type::INT32:
      return Convert<int32_t, In>(column, to, call);
    case arrow::Type::INT64:
      return Convert<int64_t, In>(column, to, call);
    case arrow::Type::FLOAT:
      return Convert<float, In>(column, to, call);
    case arrow::Type::DOUBLE:
      return Convert<double, In>(column, to, call);
    default:
      return InternalError(fmt::format("no cast from {} to {}", SparkTypeName(*column->type()), SparkTypeName(*to)));
  }
}

int32_t ScaleOf(const arrow::DataType& type) {
  return static_cast<const arrow::Decimal128Type&>(type).scale();
}
int32_t PrecisionOf(const arrow::DataType& type) {
  return static_cast<const arrow::Decimal128Type&>(type).precision();
}

// Half up, away from zero.
bool Rescale(const Decimal128& value, int32_t from_scale, int32_t precision, int32_t scale, Decimal128* out) {
  if (scale >= from_scale) {
    auto scaled = arrow::Decimal256(value).Rescale(from_scale, scale);
    if (!scaled.ok() || !scaled->FitsInPrecision(precision)) return false;
    const auto words = scaled->native_endian_array();
    *out = Decimal128(Decimal128::WordArray{words[0], words[1]});
    return true;
  }
  *out = value.ReduceScaleBy(from_scale - scale, true);
  return out->FitsInPrecision(precision);
}

template <typename In>
Result<ArrayPtr> IntegersToDecimal(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  const int32_t precision = PrecisionOf(*to);
  const int32_t scale = ScaleOf(*to);
  return CastRows<Decimal128, In>(column, to, call, [=](In value, Decimal128* out) {
    return Rescale(Decimal128(static_cast<int64_t>(value)), 0, precision, scale, out) ? CastOutcome::kOk
                                                                                      : CastOutcome::kOverflow;
  });
}

template <typename In>
Result<ArrayPtr> FloatsToDecimal(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  const int32_t precision = PrecisionOf(*to);
  const int32_t scale = ScaleOf(*to);
  std::string text;
  return CastRows<Decimal128, In>(column, to, call, [=, &text](In value, Decimal128* out) {
    if (!std::isfinite(value)) return CastOutcome::kNull;
    text.clear();
    AppendDouble(static_cast<double>(value), &text);  // Spark goes over the shortest decimal text
    return ParseDecimal(text, precision, scale, out) == DecimalOutcome::kOk ? CastOutcome::kOk : CastOutcome::kOverflow;
  });
}

template <typename Int>
Result<ArrayPtr> DecimalsToInteger(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  const int32_t scale = ScaleOf(*column->type());
  const bool checked = call.mode != CastMode::kLegacy;
  return CastRows<Int, Decimal128>(column, to, call, [=](const Decimal128& value, Int* out) {
    const Decimal128 whole = value.ReduceScaleBy(scale, false);
    if (checked &&
        (whole < Decimal128(std::numeric_limits<Int>::min()) || whole > Decimal128(std::numeric_limits<Int>::max()))) {
      return CastOutcome::kOverflow;
    }
    *out = static_cast<Int>(whole.low_bits());
    return CastOutcome::kOk;
  });
}

}  // namespace

Result<ArrayPtr> CastNumber(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  switch (column->type_id()) {
    case arrow::Type::BOOL:
      return ConvertFrom<bool>(column, to, call);
    case arrow::Type::INT8:
      return ConvertFrom<int8_t>(column, to, call);
    case arrow::Type::INT16:
      return ConvertFrom<int16_t>(column, to, call);
    case arrow::Type::INT32:
      return ConvertFrom<int32_t>(column, to, call);
    case arrow::Type::INT64:
      return ConvertFrom<int64_t>(column, to, call);
    case arrow::Type::FLOAT:
      return ConvertFrom<float>(column, to, call);
    case arrow::Type::DOUBLE:
      return ConvertFrom<double>(column, to, call);
    default:
      return InternalError(fmt::format("no cast from {} to {}", SparkTypeName(*column->type()), SparkTypeName(*to)));
  }
}

Result<ArrayPtr> CastToDecimal(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  switch (column->type_id()) {
    case arrow::Type::BOOL:
      return IntegersToDecimal<bool>(column, to, call);
    case arrow::Type::INT8:
      return IntegersToDecimal<int8_t>(column, to, call);
    case arrow::Type::INT16:
      return IntegersToDecimal<int16_t>(column, to, call);
    case arrow::Type::INT32:
      return IntegersToDecimal<int32_t>(column, to, call);
    case arrow::Type::INT64:
      return IntegersToDecimal<int64_t>(column, to, call);
    case arrow::Type::FLOAT:
      return FloatsToDecimal<float>(column, to, call);
    case arrow::Type::DOUBLE:
      return FloatsToDecimal<double>(column, to, call);
    case arrow::Type::DECIMAL128: {
      const int32_t from = ScaleOf(*column->type());
      const int32_t precision = PrecisionOf(*to);
      const int32_t scale = ScaleOf(*to);
      return CastRows<Decimal128, Decimal128>(column, to, call, [=](const Decimal128& value, Decimal128* out) {
        return Rescale(value, from, precision, scale, out) ? CastOutcome::kOk : CastOutcome::kOverflow;
      });
    }
    default:
      return InternalError(fmt::format("no cast from {} to {}", SparkTypeName(*column->type()), SparkTypeName(*to)));
  }
}

Result<ArrayPtr> CastDecimal(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  const int32_t scale = ScaleOf(*column->type());
  switch (to->id()) {
    case arrow::Type::INT8:
      return DecimalsToInteger<int8_t>(column, to, call);
    case arrow::Type::INT16:
      return DecimalsToInteger<int16_t>(column, to, call);
    case arrow::Type::INT32:
      return DecimalsToInteger<int32_t>(column, to, call);
    case arrow::Type::INT64:
      return DecimalsToInteger<int64_t>(column, to, call);
    case arrow::Type::BOOL:
      return CastRows<bool, Decimal128>(column, to, call, [](const Decimal128& value, bool* out) {
        *out = value != Decimal128(0);
        return CastOutcome::kOk;
      });
    case arrow::Type::DOUBLE:
      return CastRows<double, Decimal128>(column, to, call, [scale](const Decimal128& value, double* out) {
        *out = *ParseDouble(value.ToString(scale));
        return CastOutcome::kOk;
      });
    case arrow::Type::FLOAT:
      return CastRows<float, Decimal128>(column, to, call, [scale](const Decimal128& value, float* out) {
        *out = *ParseFloat(value.ToString(scale));
        return CastOutcome::kOk;
      });
    default:
      return InternalError(fmt::format("no cast from DECIMAL to {}", SparkTypeName(*to)));
  }
}

}  // namespace sluice
