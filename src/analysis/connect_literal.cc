// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include "analysis/connect_types.h"
#include "base/spark_error.h"
#include "expr/function_registry.h"
#include "types/interval_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::Expression;

ExprPtr Constant(std::shared_ptr<arrow::Scalar> scalar) {
  return std::make_shared<LiteralExpr>(std::move(scalar));
}

Result<ExprPtr> DecimalLiteral(const Expression::Literal::Decimal& literal) {
  arrow::Decimal128 value;
  int32_t precision = 0;
  int32_t scale = 0;
  const Status parsed = arrow::Decimal128::FromString(literal.value(), &value, &precision, &scale);
  if (!parsed.ok()) {
    return UserError("INVALID_TYPED_LITERAL", fmt::format("'{}' is no DECIMAL.", literal.value()));
  }
  const int32_t wanted_scale = literal.has_scale() ? literal.scale() : scale;
  const int32_t wanted = literal.has_precision() ? literal.precision() : std::max(precision, wanted_scale);
  SLUICE_ASSIGN(value, value.Rescale(scale, wanted_scale));
  SLUICE_ASSIGN(auto type, arrow::Decimal128Type::Make(wanted, wanted_scale));
  return Constant(std::make_shared<arrow::Decimal128Scalar>(value, std::move(type)));
}

Result<ExprPtr> NestedLiteral(const std::string& function,
                              const google::protobuf::RepeatedPtrField<Expression::Literal>& a,
                              const google::protobuf::RepeatedPtrField<Expression::Literal>* b,
                              const SessionOptions& options) {
  std::vector<ExprPtr> args;
  for (int i = 0; i < a.size(); ++i) {
    SLUICE_ASSIGN(ExprPtr arg, LiteralFromConnect(a[i], options));
    args.push_back(std::move(arg));
    if (b == nullptr || i >= b->size()) continue;
    SLUICE_ASSIGN(arg, LiteralFromConnect((*b)[i], options));
    args.push_back(std::move(arg));
  }
  return ResolveFunction(function, std::move(args), options);
}

template <typename Scalar, typename Values>
Result<ExprPtr> PlainArray(const Values& values, const SessionOptions& options) {
  std::vector<ExprPtr> args;
  for (const auto& value : values) args.push_back(Constant(std::make_shared<Scalar>(value)));
  return ResolveFunction("array", std::move(args), options);
}

Result<ExprPtr> SpecializedArray(const Expression::Literal::SpecializedArray& array, const SessionOptions& options) {
  using Kind = Expression::Literal::SpecializedArray;
  switch (array.value_type_case()) {
    case Kind::kBools:
      return PlainArray<arrow::BooleanScalar>(array.bools().values(), options);
    case Kind::kInts:
      return PlainArray<arrow::Int32Scalar>(array.ints().values(), options);
    case Kind::kLongs:
      return PlainArray<arrow::Int64Scalar>(array.longs().values(), options);
    case Kind::kFloats:
      return PlainArray<arrow::FloatScalar>(array.floats().values(), options);
    case Kind::kDoubles:
      return PlainArray<arrow::DoubleScalar>(array.doubles().values(), options);
    default:
      break;
  }
  std::vector<ExprPtr> args;
  for (const std::string& value : array.strings().values()) {
    args.push_back(Constant(std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(value))));
  }
  return ResolveFunction("array", std::move(args), options);
}

}  // namespace

Result<ExprPtr> LiteralFromConnect(const Expression::Literal& literal, const SessionOptions& options) {
  using Kind = Expression::Literal;
  switch (literal.literal_type_case()) {
    case Kind::kNull: {
      SLUICE_ASSIGN(auto type, TypeFromConnect(literal.null()));
      return Constant(arrow::MakeNullScalar(std::move(type)));
    }
    case Kind::kDayTimeInterval:
      return Constant(std::make_shared<arrow::DurationScalar>(
          literal.day_time_interval(), IntervalType({IntervalField::kDay, IntervalField::kSecond})));
    case Kind::kYearMonthInterval:
      return Constant(std::make_shared<arrow::MonthIntervalScalar>(
          literal.year_month_interval(), IntervalType({IntervalField::kYear, IntervalField::kMonth})));
    case Kind::kBinary:
      return Constant(std::make_shared<arrow::BinaryViewScalar>(arrow::Buffer::FromString(literal.binary())));
    case Kind::kBoolean:
      return Constant(std::make_shared<arrow::BooleanScalar>(literal.boolean()));
    case Kind::kByte:
      return Constant(std::make_shared<arrow::Int8Scalar>(static_cast<int8_t>(literal.byte())));
    case Kind::kShort:
      return Constant(std::make_shared<arrow::Int16Scalar>(static_cast<int16_t>(literal.short_())));
    case Kind::kInteger:
      return Constant(std::make_shared<arrow::Int32Scalar>(literal.integer()));
    case Kind::kLong:
      return Constant(std::make_shared<arrow::Int64Scalar>(literal.long_()));
    case Kind::kFloat:
      return Constant(std::make_shared<arrow::FloatScalar>(literal.float_()));
    case Kind::kDouble:
      return Constant(std::make_shared<arrow::DoubleScalar>(literal.double_()));
    case Kind::kDecimal:
      return DecimalLiteral(literal.decimal());
    case Kind::kString:
      return Constant(std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(literal.string())));
    case Kind::kDate:
      return Constant(std::make_shared<arrow::Date32Scalar>(literal.date()));
    case Kind::kTimestamp:
      return Constant(std::make_shared<arrow::TimestampScalar>(literal.timestamp(), TimestampType()));
    case Kind::kTimestampNtz:
      return Constant(
          std::make_shared<arrow::TimestampScalar>(literal.timestamp_ntz(), arrow::timestamp(arrow::TimeUnit::MICRO)));
    case Kind::kArray:
      return NestedLiteral("array", literal.array().elements(), nullptr, options);
    case Kind::kMap:
      return NestedLiteral("map", literal.map().keys(), &literal.map().values(), options);
    case Kind::kSpecializedArray:
      return SpecializedArray(literal.specialized_array(), options);
    default:
      return NotSupported("A literal of this kind (interval, struct, time) is not supported by Sluice.");
  }
}

}  // namespace sluice
