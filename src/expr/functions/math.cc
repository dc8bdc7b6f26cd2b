// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <cmath>

#include "expr/functions/decimal_arithmetic.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using arrow::Decimal128;

template <double (*kFunction)(double)>
Result<ArrayPtr> OfDouble(const KernelCall& call) {
  return MapRows<double, double>(call, [](RowOutput<double>& out, double value) { return out.Set(kFunction(value)); });
}

template <double (*kFunction)(double, double)>
Result<ArrayPtr> OfDoubles(const KernelCall& call) {
  return MapRows<double, double, double>(
      call, [](RowOutput<double>& out, double a, double b) { return out.Set(kFunction(a, b)); });
}

// Logarithms are NULL where they are not defined, as in Hive.
template <double (*kFunction)(double)>
Result<ArrayPtr> Logarithm(const KernelCall& call) {
  return MapRows<double, double>(call, [](RowOutput<double>& out, double value) {
    return value <= 0 ? out.SetNull() : out.Set(kFunction(value));
  });
}

Result<ArrayPtr> LogarithmToBase(const KernelCall& call) {
  return MapRows<double, double, double>(call, [](RowOutput<double>& out, double base, double value) {
    return base <= 0 || value <= 0 ? out.SetNull() : out.Set(std::log(value) / std::log(base));
  });
}

double Sign(double value) {
  return value > 0 ? 1.0 : value < 0 ? -1.0 : value;
}
double Degrees(double value) {
  return value * (180.0 / M_PI);
}
double Radians(double value) {
  return value * (M_PI / 180.0);
}
// glibc is off by one place for perfect cubes.
double CubeRoot(double value) {
  return static_cast<double>(std::cbrt(static_cast<long double>(value)));
}
// Without negative zeros, as Spark has it.
double Atan2(double y, double x) {
  return std::atan2(y + 0.0, x + 0.0);
}
double RoundHalfEven(double value) {
  return std::nearbyint(value);
}

template <typename T>
Result<ArrayPtr> AbsOf(const KernelCall& call) {
  return MapRows<T, T>(call, [&](RowOutput<T>& out, T value) {
    if constexpr (std::is_integral_v<T>) {
      if (value == std::numeric_limits<T>::min())
        return call.node.ansi() ? ArithmeticOverflow(call.node) : out.Set(value);
      return out.Set(value < 0 ? static_cast<T>(-value) : value);
    } else if constexpr (std::is_same_v<T, Decimal128>) {
      return out.Set(Decimal128::Abs(value));
    } else {
      return out.Set(std::fabs(value));
    }
  });
}

Result<ArrayPtr> Abs(const KernelCall& call) {
  switch (call.args[0]->type_id()) {
    case arrow::Type::INT8:
      return AbsOf<int8_t>(call);
    case arrow::Type::INT16:
      return AbsOf<int16_t>(call);
    case arrow::Type::INT32:
      return AbsOf<int32_t>(call);
    case arrow::Type::INT64:
      return AbsOf<int64_t>(call);
    case arrow::Type::FLOAT:
      return AbsOf<float>(call);
    case arrow::Type::DECIMAL128:
      return AbsOf<Decimal128>(call);
    default:
      return AbsOf<double>(call);
  }
}

int64_t SaturatedLong(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 9223372036854775807.0) return INT64_MAX;
  if (value <= -9223372036854775808.0) return INT64_MIN;
  return static_cast<int64_t>(value);
}

// ceil and floor: BIGINT of a double, DECIMAL of a decimal.
template <bool kUp>
Result<ArrayPtr> WholeNumber(const KernelCall& call) {
  switch (call.args[0]->type_id()) {
    case arrow::Type::INT64:
      return call.args[0];
    case arrow::Type::DOUBLE:
      return MapRows<int64_t, double>(call, [](RowOutput<int64_t>& out, double value) {
        return out.Set(SaturatedLong(kUp ? std::ceil(value) : std::floor(value)));
      });
    default: {
      const int32_t scale = static_cast<const arrow::Decimal128Type&>(*call.args[0]->type()).scale();
      return MapRows<Decimal128, Decimal128>(call, [scale](RowOutput<Decimal128>& out, const Decimal128& value) {
        Decimal128 whole = value.ReduceScaleBy(scale, false);
        const Decimal128 cut = whole.IncreaseScaleBy(scale);
        if (kUp && cut < value) whole += Decimal128(1);
        if (!kUp && cut > value) whole -= Decimal128(1);
        return out.Set(whole);
      });
    }
  }
}

// Spark shows these two in capitals, but ceiling as it is written.
std::string DisplayWhole(const FunctionExpr& node) {
  const std::string name = node.name() == "ceil" ? "CEIL" : node.name() == "floor" ? "FLOOR" : node.name();
  return fmt::format("{}({})", name, JoinArguments(node));
}

Result<ExprPtr> ResolveWhole(const char* name, Kernel kernel, std::vector<ExprPtr> args,
                             const ResolveOptions& options) {
  if (args.size() == 2) return NotSupported(fmt::format("{} with a scale is not supported.", name));
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 1, 2));
  SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kNumber, options.ansi));
  TypePtr type = arrow::int64();
  if (args[0]->type()->id() == arrow::Type::DECIMAL128) {
    const auto& decimal = static_cast<const arrow::Decimal128Type&>(*args[0]->type());
    // Without a fraction nothing is rounded, and no digit is won.
    type = decimal.scale() == 0 ? args[0]->type() : BoundedDecimal(decimal.precision() - decimal.scale() + 1, 0);
  } else {
    const TypePtr wide = IsIntegralType(*args[0]->type()) ? arrow::int64() : arrow::float64();
    SLUICE_ASSIGN(args[0], MakeImplicitCast(std::move(args[0]), wide, options.ansi));
  }
  const bool nullable = args[0]->nullable();
  return std::make_shared<FunctionExpr>(FunctionTraits{name, kernel, DisplayWhole, options.ansi}, type, nullable,
                                        std::move(args));
}

template <bool kUp>
ScalarFunction WholeRow(const char* name, const char* signature, const char* doc, const char* example,
                        const char* since) {
  return {name, signature, doc, example, since, [name](std::vector<ExprPtr> args, const ResolveOptions& options) {
            return ResolveWhole(name, WholeNumber<kUp>, std::move(args), options);
          }};
}

std::string DisplayLog(const FunctionExpr& node) {
  return fmt::format("LOG({}{})", node.children().size() == 1 ? "E(), " : "", JoinArguments(node));
}

Result<ExprPtr> ResolveLog(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("log", args.size(), 1, 2));
  for (size_t i = 0; i < args.size(); ++i) {
    SLUICE_ASSIGN(args[i], CoerceArgument("log", i, std::move(args[i]), Arg::kDouble, options.ansi));
  }
  const bool natural = args.size() == 1;
  return std::make_shared<FunctionExpr>(
      FunctionTraits{"LOG", natural ? Logarithm<std::log> : LogarithmToBase, DisplayLog, options.ansi},
      arrow::float64(), true, std::move(args));
}

std::string DisplayPower(const FunctionExpr& node) {
  return fmt::format("{}({})", node.name() == "power" ? "POWER" : "pow", JoinArguments(node));
}

template <int kWhich>
Result<ArrayPtr> Constant(const KernelCall& call) {
  return arrow::MakeArrayFromScalar(arrow::DoubleScalar(kWhich == 0 ? M_PI : M_E), call.rows, PoolOf(call.context));
}

std::string DisplayConstant(const FunctionExpr& node) {
  return node.name() == "pi" ? "PI()" : "E()";
}

Result<TypePtr> FirstType(const std::vector<ExprPtr>& args) {
  return args[0]->type();
}

Result<ArrayPtr> BitCount(const KernelCall& call) {
  return MapRows<int32_t, int64_t>(call, [](RowOutput<int32_t>& out, int64_t value) {
    return out.Set(__builtin_popcountll(static_cast<uint64_t>(value)));
  });
}

Result<ExprPtr> ResolveBitCount(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("bit_count", args.size(), 1, 1));
  const arrow::DataType& type = *args[0]->type();
  if (!IsIntegralType(type) && type.id() != arrow::Type::BOOL && type.id() != arrow::Type::NA)
    return UnexpectedInput("bit_count", 0, *args[0], "INTEGRAL or BOOLEAN");
  SLUICE_ASSIGN(args[0], MakeImplicitCast(std::move(args[0]), arrow::int64(), options.ansi));
  const bool nullable = args[0]->nullable();
  return std::make_shared<FunctionExpr>(FunctionTraits{.name = "bit_count", .kernel = BitCount, .ansi = options.ansi},
                                        arrow::int32(), nullable, std::move(args));
}

}  // namespace

void AddMath(FunctionTable* table) {
  const auto of_double = [table](const char* name, const char* signature, const char* doc, const char* example,
                                 const char* since, Kernel kernel, Nulls nulls = Nulls::kIfAnyArgument,
                                 Display display = nullptr) {
    table->push_back(Function(
        name, signature, doc, example, since,
        {.args = {Arg::kDouble}, .type = arrow::float64(), .kernel = kernel, .nulls = nulls, .display = display}));
  };
  table->push_back(Function("abs", "abs(a)", "Without its sign.", "abs(-1)", "1.2.0",
                            {.args = {Arg::kNumber}, .type_of = FirstType, .kernel = Abs}));
  table->push_back(WholeRow<true>("ceil", "ceil(a)", "The next whole number up.", "ceil(-0.1)", "3.3.0"));
  table->push_back(WholeRow<true>("ceiling", "ceiling(a)", "The next whole number up.", "ceiling(-0.1)", "3.3.0"));
  table->push_back(WholeRow<false>("floor", "floor(a)", "The next whole number down.", "floor(-0.1)", "3.3.0"));
  of_double("rint", "rint(a)", "The nearest whole number as a double, halves to the even one.", "rint(12.3456)",
            "1.4.0", OfDouble<RoundHalfEven>);
  of_double("sqrt", "sqrt(a)", "Square root.", "sqrt(4)", "1.1.1", OfDouble<std::sqrt>, Nulls::kIfAnyArgument,
            [](const FunctionExpr& node) { return fmt::format("SQRT({})", JoinArguments(node)); });
  of_double("cbrt", "cbrt(a)", "Cube root.", "cbrt(27.0)", "1.4.0", OfDouble<CubeRoot>, Nulls::kIfAnyArgument,
            [](const FunctionExpr& node) { return fmt::format("CBRT({})", JoinArguments(node)); });
  of_double("exp", "exp(a)", "e to the power of a.", "exp(0)", "1.4.0", OfDouble<std::exp>, Nulls::kIfAnyArgument,
            [](const FunctionExpr& node) { return fmt::format("EXP({})", JoinArguments(node)); });
  of_double("ln", "ln(a)", "Natural logarithm; NULL unless a is positive.", "ln(1)", "1.4.0", Logarithm<std::log>,
            Nulls::kAlways);
  of_double("log10", "log10(a)", "Logarithm to the base 10; NULL unless a is positive.", "log10(10)", "1.4.0",
            Logarithm<std::log10>, Nulls::kAlways,
            [](const FunctionExpr& node) { return fmt::format("LOG10({})", JoinArguments(node)); });
  of_double("log2", "log2(a)", "Logarithm to the base 2; NULL unless a is positive.", "log2(2)", "1.4.0",
            Logarithm<std::log2>, Nulls::kAlways,
            [](const FunctionExpr& node) { return fmt::format("LOG2({})", JoinArguments(node)); });
  table->push_back(
      {"log", "log([base, ]a)", "Logarithm; NULL where it is not defined.", "log(10, 100)", "1.5.0", ResolveLog});
  of_double("sign", "sign(a)", "-1.0, 0.0 or 1.0.", "sign(40)", "1.4.0", OfDouble<Sign>);
  of_double("signum", "signum(a)", "-1.0, 0.0 or 1.0.", "signum(40)", "1.4.0", OfDouble<Sign>, Nulls::kIfAnyArgument,
            [](const FunctionExpr& node) { return fmt::format("SIGNUM({})", JoinArguments(node)); });
  of_double("sin", "sin(a)", "Sine.", "sin(0)", "1.4.0", OfDouble<std::sin>, Nulls::kIfAnyArgument,
            [](const FunctionExpr& node) { return fmt::format("SIN({})", JoinArguments(node)); });
  of_double("cos", "cos(a)", "Cosine.", "cos(0)", "1.4.0", OfDouble<std::cos>, Nulls::kIfAnyArgument,
            [](const FunctionExpr& node) { return fmt::format("COS({})", JoinArguments(node)); });
  of_double("tan", "tan(a)", "Tangent.", "tan(0)", "1.4.0", OfDouble<std::tan>, Nulls::kIfAnyArgument,
            [](const FunctionExpr& node) { return fmt::format("TAN({})", JoinArguments(node)); });
  of_double("degrees", "degrees(a)", "Radians in degrees.", "degrees(3.141592653589793)", "1.4.0", OfDouble<Degrees>,
            Nulls::kIfAnyArgument,
            [](const FunctionExpr& node) { return fmt::format("DEGREES({})", JoinArguments(node)); });
  of_double("radians", "radians(a)", "Degrees in radians.", "radians(180)", "1.4.0", OfDouble<Radians>,
            Nulls::kIfAnyArgument,
            [](const FunctionExpr& node) { return fmt::format("RADIANS({})", JoinArguments(node)); });
  for (const char* name : {"pow", "power"}) {
    table->push_back(Function(name, "pow(a, b)", "a to the power of b.", "pow(2, 3)", "1.4.0",
                              {.args = {Arg::kDouble, Arg::kDouble},
                               .type = arrow::float64(),
                               .kernel = OfDoubles<std::pow>,
                               .display = DisplayPower}));
  }
  table->push_back(
      Function("atan2", "atan2(y, x)", "Angle of the point (x, y).", "atan2(0, 0)", "1.4.0",
               {.args = {Arg::kDouble, Arg::kDouble},
                .type = arrow::float64(),
                .kernel = OfDoubles<Atan2>,
                .display = [](const FunctionExpr& node) { return fmt::format("ATAN2({})", JoinArguments(node)); }}));
  table->push_back(Function("pi", "pi()", "Pi.", "pi()", "1.5.0",
                            {.type = arrow::float64(), .kernel = Constant<0>, .display = DisplayConstant}));
  table->push_back(Function("e", "e()", "Euler's number.", "e()", "1.5.0",
                            {.type = arrow::float64(), .kernel = Constant<1>, .display = DisplayConstant}));
  table->push_back({"bit_count", "bit_count(a)", "Number of bits that are set in a whole number or BOOLEAN.",
                    "bit_count(0)", "3.0.0", ResolveBitCount});
}

}  // namespace sluice
