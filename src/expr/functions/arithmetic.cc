// SPDX-License-Identifier: Apache-2.0
// + - * / % div and unary minus over integers and floating numbers; decimals in decimal_arithmetic.cc.
#include <arrow/api.h>
#include <fmt/format.h>

#include <cmath>

#include "expr/functions/decimal_arithmetic.h"
#include "expr/functions/intervals.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/try_expr.h"
#include "types/interval_type.h"
#include "types/spark_type.h"

namespace sluice {

Status DivideByZero(const FunctionExpr& node) {
  const bool remainder = node.name() == "%" || node.name() == "mod" || node.name() == "pmod";
  return UserError(
      remainder ? "REMAINDER_BY_ZERO" : "DIVIDE_BY_ZERO",
      fmt::format("\"{}\" divides by zero. Use try_divide to get NULL, or set spark.sql.ansi.enabled=false.",
                  node.ToString()),
      {{"config", "\"spark.sql.ansi.enabled\""}});
}

Status ArithmeticOverflow(const FunctionExpr& node) {
  const std::string& name = node.name();
  const bool small = (name == "+" || name == "-" || name == "*") &&
                     (node.type()->id() == arrow::Type::INT8 || node.type()->id() == arrow::Type::INT16);
  return UserError(small ? "BINARY_ARITHMETIC_OVERFLOW" : "ARITHMETIC_OVERFLOW",
                   fmt::format("\"{}\" overflows {}. Use a wider type or a try_ function (try_add, try_subtract, "
                               "try_multiply) to get NULL, or set spark.sql.ansi.enabled=false.",
                               node.ToString(), SparkTypeName(*node.type())),
                   {{"config", "\"spark.sql.ansi.enabled\""}});
}

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
enum class Op { kAdd, kSubtract, kMultiply, kDivide, kRemainder, kPositiveRemainder, kIntegralDivide };

bool IsTry(const FunctionExpr& node) {
  return node.name().starts_with("try_");
}

// One loop that the compiler can vectorise, and a second look only when something overflowed.
template <Op kOp, typename T>
Result<ArrayPtr> AddLike(const KernelCall& call) {
  ColumnWriter<T> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const ColumnReader<T> a(*call.args[0]);
  const ColumnReader<T> b(*call.args[1]);
  T* out = writer.values();
  const auto compute = [&](int64_t row) {
    if constexpr (std::is_floating_point_v<T>) {
      out[row] = kOp == Op::kAdd ? a[row] + b[row] : kOp == Op::kSubtract ? a[row] - b[row] : a[row] * b[row];
      return false;
    } else {
      if constexpr (kOp == Op::kAdd) return __builtin_add_overflow(a[row], b[row], &out[row]);
      if constexpr (kOp == Op::kSubtract) return __builtin_sub_overflow(a[row], b[row], &out[row]);
      return __builtin_mul_overflow(a[row], b[row], &out[row]);
    }
  };
  bool overflow = false;
  for (int64_t row = 0; row < call.rows; ++row) overflow |= compute(row);
  const bool to_null = IsTry(call.node);
  if (overflow && (call.node.ansi() || to_null)) {
    for (int64_t row = 0; row < call.rows; ++row) {
      if (writer.validity().IsNull(row) || !compute(row)) continue;
      if (!to_null) return WithRow(ArithmeticOverflow(call.node), row);
      SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
    }
  }
  return writer.Finish(call.node.type());
}

template <Op kOp, typename T>
T DivideValues(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if constexpr (kOp == Op::kDivide) return a / b;
    const T rest = std::fmod(a, b);
    if constexpr (kOp == Op::kRemainder) return rest;
    return rest < 0 ? std::fmod(rest + b, b) : rest;
  } else {
    if (b == -1) return kOp == Op::kIntegralDivide ? static_cast<T>(-static_cast<std::make_unsigned_t<T>>(a)) : T{0};
    if constexpr (kOp == Op::kIntegralDivide) return static_cast<T>(a / b);
    const T rest = static_cast<T>(a % b);
    if constexpr (kOp == Op::kRemainder) return rest;
    if (rest >= 0) return rest;
    // As Java's sum, which wraps around; narrower types are ints there.
    using Wide = std::conditional_t<(sizeof(T) < sizeof(int32_t)), int32_t, T>;
    using Unsigned = std::make_unsigned_t<Wide>;
    return static_cast<T>(static_cast<Wide>(static_cast<Unsigned>(rest) + static_cast<Unsigned>(b)) % b);
  }
}

template <Op kOp, typename T>
Result<ArrayPtr> DivideLike(const KernelCall& call) {
  const bool fails = call.node.ansi() && !IsTry(call.node);
  return MapRows<T, T, T>(call, [&](RowOutput<T>& out, T a, T b) {
    if (b == 0) return fails ? DivideByZero(call.node) : out.SetNull();
    if constexpr (kOp == Op::kIntegralDivide) {
      if (fails && b == -1 && a == std::numeric_limits<T>::min()) return ArithmeticOverflow(call.node);
    }
    return out.Set(DivideValues<kOp, T>(a, b));
  });
}

template <Op kOp, typename T>
Result<ArrayPtr> Typed(const KernelCall& call) {
  if constexpr (kOp == Op::kAdd || kOp == Op::kSubtract || kOp == Op::kMultiply) {
    return AddLike<kOp, T>(call);
  } else {
    return DivideLike<kOp, T>(call);
  }
}

template <Op kOp>
Result<ArrayPtr> Arithmetic(const KernelCall& call) {
  switch (call.args[0]->type_id()) {
    case arrow::Type::INT64:
      return Typed < kOp == Op::kDivide ? Op::kIntegralDivide : kOp, int64_t > (call);
    case arrow::Type::INT32:
      return Typed < kOp == Op::kDivide ? Op::kIntegralDivide : kOp, int32_t > (call);
    case arrow::Type::INT16:
      return Typed < kOp == Op::kDivide ? Op::kIntegralDivide : kOp, int16_t > (call);
    case arrow::Type::INT8:
      return Typed < kOp == Op::kDivide ? Op::kIntegralDivide : kOp, int8_t > (call);
    case arrow::Type::DOUBLE:
      return Typed < kOp == Op::kIntegralDivide ? Op::kDivide : kOp, double > (call);
    case arrow::Type::FLOAT:
      return Typed < kOp == Op::kIntegralDivide ? Op::kDivide : kOp, float > (call);
    case arrow::Type::DECIMAL128:
      return DecimalArithmetic(call, kOp == Op::kAdd              ? DecimalOp::kAdd
                                     : kOp == Op::kSubtract       ? DecimalOp::kSubtract
                                     : kOp == Op::kMultiply       ? DecimalOp::kMultiply
                                     : kOp == Op::kDivide         ? DecimalOp::kDivide
                                     : kOp == Op::kIntegralDivide ? DecimalOp::kIntegralDivide
                                     : kOp == Op::kRemainder      ? DecimalOp::kRemainder
                                                                  : DecimalOp::kPositiveRemainder);
    default:
      return InternalError(fmt::format("no arithmetic over {}", SparkTypeName(*call.args[0]->type())));
  }
}

bool IsDecimal(const TypePtr& type) {
  return type->id() == arrow::Type::DECIMAL128;
}

// A STRING beside another type, as Spark casts it. Under ANSI it becomes the other type (BIGINT and DOUBLE for
// numbers), without ANSI a DOUBLE whatever stands beside it.
Result<std::vector<ExprPtr>> WithoutStrings(std::vector<ExprPtr> args, bool ansi) {
  const bool texts[2] = {IsStringType(*args[0]->type()), IsStringType(*args[1]->type())};
  for (size_t i = 0; i < 2; ++i) {
    const TypePtr other = args[1 - i]->type();
    TypePtr wanted = args[i]->type();
    if (texts[i] && !ansi) wanted = arrow::float64();
    if (texts[i] && ansi && !texts[1 - i]) {
      wanted = IsIntegralType(*other)                                      ? arrow::int64()
               : IsNumericType(*other)                                     ? arrow::float64()
               : other->num_fields() > 0 || other->id() == arrow::Type::NA ? wanted
                                                                           : other;
    }
    if (ansi && texts[1 - i] && args[i]->type()->id() == arrow::Type::NA) wanted = StringType();
    if (ansi && texts[1 - i] && args[i]->type()->id() == arrow::Type::FLOAT) wanted = arrow::float64();
    SLUICE_ASSIGN(args[i], MakeImplicitCast(args[i], wanted, ansi));
  }
  return args;
}

// Both sides as numbers. div takes no floating ones; a NULL that is divided is a DOUBLE, any other is as the other
// side.
template <Op kOp>
Result<std::vector<ExprPtr>> NumberOperands(const char* name, std::vector<ExprPtr> args,
                                            const ResolveOptions& options) {
  constexpr bool whole = kOp == Op::kIntegralDivide;
  SLUICE_ASSIGN(args, WithoutStrings(std::move(args), options.ansi));
  const auto floating = [&](size_t i) { return arrow::is_floating(args[i]->type()->id()); };
  const auto fits = [&](size_t i) { return IsNumericType(*args[i]->type()) && !(whole && floating(i)); };
  const auto is_null = [&](size_t i) { return args[i]->type()->id() == arrow::Type::NA; };
  for (size_t i = 0; i < 2; ++i) {
    if (!is_null(i) || !(fits(1 - i) || is_null(1 - i))) continue;
    const bool like_other = fits(1 - i) && !(kOp == Op::kDivide && i == 0);
    const TypePtr number = like_other ? args[1 - i]->type() : whole ? arrow::int64() : arrow::float64();
    SLUICE_ASSIGN(args[i], MakeImplicitCast(args[i], number, options.ansi));
  }
  if (fits(0) && fits(1)) return args;
  const size_t wrong = fits(0) ? 1 : 0;
  // A DECIMAL is a DOUBLE beside a DOUBLE.
  const auto is_double = [&](size_t i) { return args[i]->type()->id() == arrow::Type::DOUBLE; };
  const bool same = args[0]->type()->Equals(args[1]->type()) || (is_double(0) && IsDecimal(args[1]->type())) ||
                    (is_double(1) && IsDecimal(args[0]->type()));
  return UserError(same ? "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE" : "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
                   fmt::format("{} needs {}numbers, but \"{}\" has the type \"{}\".", name, whole ? "whole " : "",
                               args[wrong]->ToString(), SparkTypeName(*args[wrong]->type())));
}

template <Op kOp>
Result<ExprPtr> Resolve(const char* name, Display display, std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  SLUICE_ASSIGN(args, NumberOperands<kOp>(name, std::move(args), options));
  const bool divides = kOp != Op::kAdd && kOp != Op::kSubtract && kOp != Op::kMultiply;
  bool nullable = args[0]->nullable() || args[1]->nullable() || divides || std::string_view(name).starts_with("try_");
  TypePtr common = CommonType(args[0]->type(), args[1]->type(), options.ansi);
  TypePtr type = common;
  if (IsDecimal(common)) {
    nullable |= !options.ansi;
    SLUICE_ASSIGN(args, DecimalOperands(std::move(args), options.ansi));
    constexpr auto kDecimal = kOp == Op::kAdd || kOp == Op::kSubtract ? DecimalOp::kAdd
                              : kOp == Op::kMultiply                  ? DecimalOp::kMultiply
                              : kOp == Op::kDivide                    ? DecimalOp::kDivide
                              : kOp == Op::kIntegralDivide            ? DecimalOp::kIntegralDivide
                                                                      : DecimalOp::kRemainder;
    type = DecimalResult(*args[0]->type(), *args[1]->type(), kDecimal);
  } else {
    if (kOp == Op::kDivide) common = arrow::float64();
    if (kOp == Op::kIntegralDivide) common = arrow::int64();
    type = common;
    for (auto& arg : args) {
      SLUICE_ASSIGN(arg, MakeImplicitCast(arg, common, options.ansi));
    }
  }
  return std::make_shared<FunctionExpr>(FunctionTraits{.name = name,
                                                       .kernel = Arithmetic<kOp>,
                                                       .display = display,
                                                       .ansi = options.ansi,
                                                       .order = divides ? Order::kLastFirst : Order::kUntilNull},
                                        type, nullable, std::move(args));
}

template <typename T>
Result<ArrayPtr> NegativeOf(const KernelCall& call) {
  return MapRows<T, T>(call, [&](RowOutput<T>& out, T value) {
    if constexpr (std::is_integral_v<T>) {
      T negated{};
      if (__builtin_sub_overflow(T{0}, value, &negated) && call.node.ansi()) return ArithmeticOverflow(call.node);
      return out.Set(negated);
    } else {
      return out.Set(-value);
    }
  });
}

Result<ArrayPtr> Negative(const KernelCall& call) {
  switch (call.args[0]->type_id()) {
    case arrow::Type::INT8:
      return NegativeOf<int8_t>(call);
    case arrow::Type::INT16:
      return NegativeOf<int16_t>(call);
    case arrow::Type::INT32:
      return NegativeOf<int32_t>(call);
    case arrow::Type::INT64:
      return NegativeOf<int64_t>(call);
    case arrow::Type::FLOAT:
      return NegativeOf<float>(call);
    case arrow::Type::DECIMAL128:
      return NegativeOf<arrow::Decimal128>(call);
    default:
      return NegativeOf<double>(call);
  }
}

Result<TypePtr> SameAsFirst(const std::vector<ExprPtr>& args) {
  return args[0]->type();
}

std::string DisplayNegative(const FunctionExpr& node) {
  return fmt::format("(- {})", node.children()[0]->ToString());
}

// Unary minus: "-" with one argument.
Result<ExprPtr> MakeNegative(std::vector<ExprPtr> args, const ResolveOptions& options) {
  if (IsInterval(*args[0]->type())) return NegatedInterval(std::move(args[0]), options.ansi);
  SLUICE_ASSIGN(auto arg, CoerceArgument("-", 0, std::move(args[0]), Arg::kNumber, options.ansi));
  const auto type = arg->type();
  const bool nullable = arg->nullable();
  return std::make_shared<FunctionExpr>(FunctionTraits{"negative", Negative, DisplayNegative, options.ansi}, type,
                                        nullable, std::vector<ExprPtr>{std::move(arg)});
}

bool IsDatetime(const ExprPtr& expr) {
  return expr->type()->id() == arrow::Type::DATE32 || expr->type()->id() == arrow::Type::TIMESTAMP;
}

// DATE + number is date_add, as Spark has it; null when there is no date.
Result<ExprPtr> ResolveDays(bool add, std::vector<ExprPtr> args, const ResolveOptions& options) {
  const bool dates[2] = {args[0]->type()->id() == arrow::Type::DATE32, args[1]->type()->id() == arrow::Type::DATE32};
  const bool text = IsStringType(*args[1]->type());
  if (!add) {
    const bool days = dates[0] && !IsDatetime(args[1]) && args[1]->type()->id() != arrow::Type::NA;
    if (days && !(text && options.ansi)) {
      if (text) return UnexpectedInput("date_sub", 1, *args[1], "INT, SMALLINT or TINYINT");
      return ResolveFunction("date_sub", std::move(args), options);
    }
    return ExprPtr();
  }
  if (!dates[0] && !dates[1]) return ExprPtr();
  if (!dates[0]) std::swap(args[0], args[1]);
  if (IsDatetime(args[1]) || IsStringType(*args[1]->type()))
    return UnexpectedInput("date_add", 1, *args[1], "INT, SMALLINT or TINYINT");
  return ResolveFunction("date_add", std::move(args), options);
}

template <Op kOp>
Result<ExprPtr> ResolveOperator(const char* name, Display display, std::vector<ExprPtr> args,
                                const ResolveOptions& options) {
  if (args.size() == 2) {
    constexpr char kSign = kOp == Op::kAdd        ? '+'
                           : kOp == Op::kSubtract ? '-'
                           : kOp == Op::kMultiply ? '*'
                           : kOp == Op::kDivide   ? '/'
                                                  : '%';
    SLUICE_ASSIGN(auto of_interval, ResolveIntervalOperator(kSign, args, options));
    if (of_interval != nullptr) return of_interval;
  }
  if ((kOp == Op::kAdd || kOp == Op::kSubtract) && args.size() == 2) {
    SLUICE_ASSIGN(auto days, ResolveDays(kOp == Op::kAdd, args, options));
    if (days != nullptr) return days;
  }
  return Resolve<kOp>(name, display, std::move(args), options);
}

// Of two numbers the operator itself knows which values become NULL; of others any error does, one in an argument too.
template <Op kOp>
Result<ExprPtr> ResolveTry(const char* name, std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  const bool numbers = IsNumericType(*args[0]->type()) && IsNumericType(*args[1]->type());
  std::string shown = fmt::format("{}({}, {})", name, args[0]->ToString(), args[1]->ToString());
  SLUICE_ASSIGN(auto result, ResolveOperator<kOp>(name, nullptr, std::move(args), options));
  if (numbers) return result;
  return std::make_shared<TryExpr>(std::move(result), std::move(shown));
}

template <Op kOp>
ScalarFunction Row(const char* name, const char* signature, const char* doc, const char* example, const char* since,
                   Display display) {
  return {
      name, signature, doc, example, since, [name, display](std::vector<ExprPtr> args, const ResolveOptions& options) {
        const std::string_view called = name;
        if (called.starts_with("try_")) return ResolveTry<kOp>(name, std::move(args), options);
        if (called == "-" && args.size() == 1) return MakeNegative(std::move(args), options);
        return ResolveOperator<kOp>(name, display, std::move(args), options);
      }};
}

}  // namespace

void AddArithmetic(FunctionTable* table) {
  table->push_back(Row<Op::kAdd>("+", "a + b", "Sum.", "1 + 2", "1.0.0", DisplayInfix));
  table->push_back(Row<Op::kSubtract>("-", "a - b", "Difference; with one argument the number with the other sign.",
                                      "3 - 2", "1.0.0", DisplayInfix));
  table->push_back(Row<Op::kMultiply>("*", "a * b", "Product.", "2 * 3", "1.0.0", DisplayInfix));
  table->push_back(Row<Op::kDivide>("/", "a / b", "Quotient, never of integers.", "3 / 2", "1.0.0", DisplayInfix));
  table->push_back(Row<Op::kRemainder>("%", "a % b", "Remainder with the sign of a.", "7 % 3", "1.0.0", DisplayInfix));
  table->push_back(
      Row<Op::kIntegralDivide>("div", "a div b", "Whole quotient as BIGINT.", "7 div 2", "3.0.0", DisplayInfix));
  table->push_back(
      Row<Op::kRemainder>("mod", "mod(a, b)", "Remainder with the sign of a.", "mod(7, 3)", "2.3.0", nullptr));
  table->push_back(Row<Op::kPositiveRemainder>("pmod", "pmod(a, b)", "Remainder that is not negative.", "pmod(-7, 3)",
                                               "1.5.0", nullptr));
  table->push_back(
      Row<Op::kAdd>("try_add", "try_add(a, b)", "Sum, NULL when it overflows.", "try_add(1, 2)", "3.2.0", nullptr));
  table->push_back(Row<Op::kSubtract>("try_subtract", "try_subtract(a, b)", "Difference, NULL when it overflows.",
                                      "try_subtract(2, 1)", "3.3.0", nullptr));
  table->push_back(Row<Op::kMultiply>("try_multiply", "try_multiply(a, b)", "Product, NULL when it overflows.",
                                      "try_multiply(2, 3)", "3.3.0", nullptr));
  table->push_back(Row<Op::kDivide>("try_divide", "try_divide(a, b)", "Quotient, NULL when b is zero.",
                                    "try_divide(3, 0)", "3.2.0", nullptr));
  table->push_back(Row<Op::kRemainder>("try_mod", "try_mod(a, b)", "Remainder, NULL when b is zero.", "try_mod(3, 0)",
                                       "4.0.0", nullptr));
  ScalarFunction negative = Function("negative", "negative(a)", "The number with the other sign.", "negative(1)",
                                     "1.0.0", {.args = {Arg::kNumber}, .type_of = SameAsFirst, .kernel = Negative});
  negative.resolve = [resolve = negative.resolve](std::vector<ExprPtr> args, const ResolveOptions& options) {
    if (args.size() == 1 && IsInterval(*args[0]->type())) {
      return Result<ExprPtr>(NegatedInterval(std::move(args[0]), options.ansi));
    }
    return resolve(std::move(args), options);
  };
  table->push_back(std::move(negative));
}

}  // namespace sluice
