// SPDX-License-Identifier: Apache-2.0
// round (half up, away from zero) and bround (half to even).
#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "expr/foldable.h"
#include "expr/functions/decimal_arithmetic.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/number_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using arrow::Decimal128;
using arrow::Decimal128Type;

Decimal128 PowerOfTen(int32_t exponent) {
  return Decimal128(1).IncreaseScaleBy(exponent);
}

// The value without its last `digits` digits.
Decimal128 DropDigits(const Decimal128& value, int32_t digits, bool half_even) {
  if (digits > 38) return Decimal128(0);
  const auto divided = value.Divide(PowerOfTen(digits)).ValueOr({Decimal128(0), Decimal128(0)});
  Decimal128 whole = divided.first;
  const Decimal128 rest = Decimal128::Abs(divided.second);
  const Decimal128 half = PowerOfTen(digits) - rest;
  const bool odd = (whole.low_bits() & 1) != 0;
  if (rest > half || (rest == half && (!half_even || odd))) whole += Decimal128(value.IsNegative() ? -1 : 1);
  return whole;
}

// Doubles are rounded in their shortest decimal form, as BigDecimal(double text).
template <typename T>
T RoundFloating(T value, int32_t scale, bool half_even) {
  if (!std::isfinite(value)) return value;
  if (scale < -std::numeric_limits<T>::max_exponent10 - 1) return T(0);
  std::string text;
  if constexpr (std::is_same_v<T, float>) {
    AppendFloat(value, &text);
  } else {
    AppendDouble(value, &text);
  }
  // Beyond 38 digits there is nothing to round.
  Decimal128 exact;
  int32_t have = 0;
  for (have = 18; have >= 0; --have) {
    if (ParseDecimal(text, 38, have, &exact) == DecimalOutcome::kOk) break;
  }
  if (have < 0 || scale >= have) return value;
  Decimal128 rounded = DropDigits(exact, have - scale, half_even);
  if (scale < 0) {
    if (scale < -38) return T(0);
    rounded = rounded.IncreaseScaleBy(-scale);
    return static_cast<T>(*ParseDouble(rounded.ToIntegerString()));
  }
  return static_cast<T>(*ParseDouble(rounded.ToString(scale)));
}

template <typename T>
Result<ArrayPtr> RoundFloats(const KernelCall& call, bool half_even) {
  return MapRows<T, T, int32_t>(call, [half_even](RowOutput<T>& out, T value, int32_t scale) {
    return out.Set(RoundFloating(value, scale, half_even));
  });
}

template <typename T>
Result<ArrayPtr> RoundIntegers(const KernelCall& call, bool half_even) {
  return MapRows<T, T, int32_t>(call, [&call, half_even](RowOutput<T>& out, T value, int32_t scale) {
    if (scale >= 0) return out.Set(value);
    if (scale < -20) return out.Set(0);
    const Decimal128 rounded =
        DropDigits(Decimal128(static_cast<int64_t>(value)), -scale, half_even).IncreaseScaleBy(-scale);
    if (rounded > Decimal128(std::numeric_limits<T>::max()) || rounded < Decimal128(std::numeric_limits<T>::min())) {
      if (call.node.ansi()) return ArithmeticOverflow(call.node);
    }
    return out.Set(static_cast<T>(rounded.low_bits()));
  });
}

Result<ArrayPtr> RoundDecimals(const KernelCall& call, bool half_even) {
  const int32_t from = static_cast<const arrow::Decimal128Type&>(*call.args[0]->type()).scale();
  const auto& target = static_cast<const arrow::Decimal128Type&>(*call.node.type());
  return MapRows<Decimal128, Decimal128, int32_t>(
      call, [&, half_even](RowOutput<Decimal128>& out, const Decimal128& value, int32_t scale) {
        Decimal128 rounded = value;
        if (scale < from - Decimal128Type::kMaxPrecision) {
          rounded = Decimal128(0);
        } else if (scale < from) {
          rounded = DropDigits(value, from - scale, half_even);
          if (scale < target.scale()) rounded = rounded.IncreaseScaleBy(target.scale() - scale);
        }
        if (!rounded.FitsInPrecision(target.precision()))
          return call.node.ansi() ? DecimalOverflow(call.node) : out.SetNull();
        return out.Set(rounded);
      });
}

template <bool kHalfEven>
Result<ArrayPtr> Round(const KernelCall& call) {
  switch (call.args[0]->type_id()) {
    case arrow::Type::INT8:
      return RoundIntegers<int8_t>(call, kHalfEven);
    case arrow::Type::INT16:
      return RoundIntegers<int16_t>(call, kHalfEven);
    case arrow::Type::INT32:
      return RoundIntegers<int32_t>(call, kHalfEven);
    case arrow::Type::INT64:
      return RoundIntegers<int64_t>(call, kHalfEven);
    case arrow::Type::FLOAT:
      return RoundFloats<float>(call, kHalfEven);
    case arrow::Type::DECIMAL128:
      return RoundDecimals(call, kHalfEven);
    default:
      return RoundFloats<double>(call, kHalfEven);
  }
}

// The scale decides the type of a rounded decimal, so it must be a constant.
Result<TypePtr> RoundedType(const std::vector<ExprPtr>& args) {
  if (!IsFoldable(*args[1])) {
    return UserError(
        "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "The number of digits must be a constant.",
        {{"inputName", "`scale`"}, {"inputType", "\"INT\""}, {"inputExpr", "\"" + args[1]->ToString() + "\""}});
  }
  if (args[0]->type()->id() != arrow::Type::DECIMAL128) return args[0]->type();
  SLUICE_ASSIGN(auto scalar, EvalConstant(args[1], EvalContext{}));
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(*args[0]->type());
  const int32_t wanted = scalar->is_valid ? static_cast<const arrow::Int32Scalar&>(*scalar).value : 0;
  const int whole = decimal.precision() - decimal.scale() + 1;
  if (wanted < 0) return arrow::decimal128(std::min(38, std::max(whole, -std::max(wanted, -38) + 1)), 0);
  const int scale = std::min(decimal.scale(), wanted);
  return arrow::decimal128(std::min(38, whole + scale), scale);
}

}  // namespace

void AddRounding(FunctionTable* table) {
  table->push_back(Function("round", "round(a[, digits])", "Rounded half up.", "round(2.5, 0)", "1.5.0",
                            {.args = {Arg::kNumber, Arg::kInt},
                             .type_of = RoundedType,
                             .kernel = Round<false>,
                             .required = 1,
                             .defaults = {IntLiteral(0)}}));
  table->push_back(Function("bround", "bround(a[, digits])", "Rounded, halves to the even digit.", "bround(2.5, 0)",
                            "2.0.0",
                            {.args = {Arg::kNumber, Arg::kInt},
                             .type_of = RoundedType,
                             .kernel = Round<true>,
                             .required = 1,
                             .defaults = {IntLiteral(0)}}));
}

}  // namespace sluice
