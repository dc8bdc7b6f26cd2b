// SPDX-License-Identifier: Apache-2.0
#include "expr/functions/decimal_arithmetic.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/map_rows.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using arrow::Decimal128;
using arrow::Decimal256;

const arrow::Decimal128Type& AsDecimal(const arrow::DataType& type) {
  return static_cast<const arrow::Decimal128Type&>(type);
}

// DECIMAL(digits, 0) of an integer literal, unless it is a TINYINT; else DecimalFor its type.
TypePtr OperandType(const Expr& expr) {
  const auto* literal = dynamic_cast<const LiteralExpr*>(&expr);
  if (literal == nullptr || !literal->value()->is_valid || !IsIntegralType(*expr.type()) ||
      expr.type()->id() == arrow::Type::INT8) {
    return DecimalFor(*expr.type());
  }
  std::string digits = literal->value()->ToString();
  if (digits[0] == '-') digits.erase(0, 1);
  return arrow::decimal128(static_cast<int32_t>(digits.size()), 0);
}

// The value at `scale`, away from zero at the half.
bool AtScale(Decimal256 value, int32_t from, int32_t precision, int32_t scale, Decimal128* out) {
  if (scale > from) {
    auto scaled = value.Rescale(from, scale);
    if (!scaled.ok()) return false;
    value = *scaled;
  } else if (scale < from) {
    value = Decimal256(value.ReduceScaleBy(from - scale, true));
  }
  if (!value.FitsInPrecision(precision)) return false;
  const auto words = value.native_endian_array();
  *out = Decimal128(Decimal128::WordArray{words[0], words[1]});
  return true;
}

struct Scales {
  int32_t a;
  int32_t b;
  int32_t precision;
  int32_t result;
};

bool Quotient(const Decimal128& a, const Decimal128& b, const Scales& scales, Decimal128* out) {
  // One digit more than wanted, so that the last one can be rounded.
  const int32_t shift = scales.result + 1 - scales.a + scales.b;
  Decimal256 dividend(a);
  Decimal256 divisor(b);
  if (shift > 0) {
    auto scaled = dividend.Rescale(0, shift);
    if (!scaled.ok()) return false;
    dividend = *scaled;
  } else if (shift < 0) {
    divisor = Decimal256(divisor.IncreaseScaleBy(-shift));
  }
  auto quotient = dividend.Divide(divisor);
  return quotient.ok() && AtScale(quotient->first, scales.result + 1, scales.precision, scales.result, out);
}

// Both at the larger scale.
int32_t Align(const Decimal128& a, const Decimal128& b, const Scales& scales, Decimal256* x, Decimal256* y) {
  const int32_t scale = std::max(scales.a, scales.b);
  *x = Decimal256(Decimal256(a).IncreaseScaleBy(scale - scales.a));
  *y = Decimal256(Decimal256(b).IncreaseScaleBy(scale - scales.b));
  return scale;
}

bool Remainder(const Decimal128& a, const Decimal128& b, const Scales& scales, bool positive, Decimal128* out) {
  Decimal256 x;
  Decimal256 y;
  const int32_t scale = Align(a, b, scales, &x, &y);
  auto divided = x.Divide(y);
  if (!divided.ok()) return false;
  Decimal256 rest = divided->second;
  if (positive && rest.Sign() < 0 && rest != Decimal256(0)) {
    rest += y;
    auto again = rest.Divide(y);
    if (!again.ok()) return false;
    rest = again->second;
  }
  return AtScale(rest, scale, scales.precision, scales.result, out);
}

bool Compute(const Decimal128& a, const Decimal128& b, DecimalOp op, const Scales& scales, Decimal128* out) {
  Decimal256 x;
  Decimal256 y;
  switch (op) {
    case DecimalOp::kAdd:
    case DecimalOp::kSubtract: {
      const int32_t scale = Align(a, b, scales, &x, &y);
      return AtScale(op == DecimalOp::kAdd ? x + y : x + -y, scale, scales.precision, scales.result, out);
    }
    case DecimalOp::kMultiply:
      return AtScale(Decimal256(a) * Decimal256(b), scales.a + scales.b, scales.precision, scales.result, out);
    case DecimalOp::kDivide:
      return Quotient(a, b, scales, out);
    case DecimalOp::kRemainder:
      return Remainder(a, b, scales, false, out);
    case DecimalOp::kPositiveRemainder:
      return Remainder(a, b, scales, true, out);
    case DecimalOp::kIntegralDivide:
      break;
  }
  return false;
}

Status QuotientOverflow(const FunctionExpr& node) {
  return UserError(
      "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
      fmt::format("The value of \"{}\" has more than 38 digits. Set spark.sql.ansi.enabled=false to get NULL.",
                  node.ToString()),
      {{"precision", "38"}, {"scale", "0"}});
}

Result<std::shared_ptr<arrow::Array>> IntegralDivide(const KernelCall& call, const Scales& scales) {
  return MapRows<int64_t, Decimal128, Decimal128>(
      call, [&](RowOutput<int64_t>& out, const Decimal128& a, const Decimal128& b) {
        if (b == Decimal128(0)) return call.node.ansi() ? DivideByZero(call.node) : out.SetNull();
        Decimal256 x;
        Decimal256 y;
        Align(a, b, scales, &x, &y);
        SLUICE_ASSIGN(auto divided, x.Divide(y));
        const Decimal256 whole = divided.first;
        // Spark has a decimal in between: beyond its 38 digits it fails, below them the lowest bits are kept.
        if (whole.FitsInPrecision(38)) return out.Set(static_cast<int64_t>(whole.low_bits()));
        return call.node.ansi() ? QuotientOverflow(call.node) : out.SetNull();
      });
}

}  // namespace

Status DecimalOverflow(const FunctionExpr& node) {
  const auto& type = AsDecimal(*node.type());
  return UserError(
      "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
      fmt::format("The value of \"{}\" does not fit into {}. Set spark.sql.ansi.enabled=false to get NULL.",
                  node.ToString(), SparkTypeName(type)),
      {{"precision", std::to_string(type.precision())}, {"scale", std::to_string(type.scale())}});
}

Result<std::vector<ExprPtr>> DecimalOperands(std::vector<ExprPtr> args, bool ansi) {
  for (auto& arg : args) {
    SLUICE_ASSIGN(arg, MakeImplicitCast(arg, OperandType(*arg), ansi));
  }
  return args;
}

TypePtr DecimalResult(const arrow::DataType& a, const arrow::DataType& b, DecimalOp op) {
  const int p1 = AsDecimal(a).precision();
  const int s1 = AsDecimal(a).scale();
  const int p2 = AsDecimal(b).precision();
  const int s2 = AsDecimal(b).scale();
  switch (op) {
    case DecimalOp::kAdd:
    case DecimalOp::kSubtract: {
      const int scale = std::max(s1, s2);
      return BoundedDecimal(std::max(p1 - s1, p2 - s2) + scale + 1, scale);
    }
    case DecimalOp::kMultiply:
      return BoundedDecimal(p1 + p2 + 1, s1 + s2);
    case DecimalOp::kDivide: {
      const int scale = std::max(6, s1 + p2 + 1);
      return BoundedDecimal(p1 - s1 + s2 + scale, scale);
    }
    case DecimalOp::kIntegralDivide:
      return arrow::int64();
    default: {
      const int scale = std::max(s1, s2);
      return BoundedDecimal(std::min(p1 - s1, p2 - s2) + scale, scale);
    }
  }
}

Result<std::shared_ptr<arrow::Array>> DecimalArithmetic(const KernelCall& call, DecimalOp op) {
  Scales scales{AsDecimal(*call.args[0]->type()).scale(), AsDecimal(*call.args[1]->type()).scale(), 0, 0};
  if (op == DecimalOp::kIntegralDivide) return IntegralDivide(call, scales);
  scales.precision = AsDecimal(*call.node.type()).precision();
  scales.result = AsDecimal(*call.node.type()).scale();
  const bool fails = call.node.ansi() && !call.node.name().starts_with("try_");
  const bool divides = op == DecimalOp::kDivide || op == DecimalOp::kRemainder || op == DecimalOp::kPositiveRemainder;
  return MapRows<Decimal128, Decimal128, Decimal128>(
      call, [&](RowOutput<Decimal128>& out, const Decimal128& a, const Decimal128& b) {
        if (divides && b == Decimal128(0)) return fails ? DivideByZero(call.node) : out.SetNull();
        Decimal128 value;
        if (!Compute(a, b, op, scales, &value)) return fails ? DecimalOverflow(call.node) : out.SetNull();
        return out.Set(value);
      });
}

}  // namespace sluice
