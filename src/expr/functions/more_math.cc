// SPDX-License-Identifier: Apache-2.0
// Hyperbolic and inverse functions, number systems, buckets.
#include <arrow/api.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "expr/branch.h"
#include "expr/functions/decimal_arithmetic.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/number_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

template <double (*kFunction)(double)>
Result<ArrayPtr> OfDouble(const KernelCall& call) {
  return MapRows<double, double>(call, [](RowOutput<double>& out, double value) { return out.Set(kFunction(value)); });
}

// Spark's own formulas where Java has no function.
double InverseTanh(double value) {
  return 0.5 * (std::log1p(value) - std::log1p(-value));
}
double Cotangent(double value) {
  return 1 / std::tan(value);
}
double Cosecant(double value) {
  return 1 / std::sin(value);
}
double Secant(double value) {
  return 1 / std::cos(value);
}

Result<ArrayPtr> LogOfOneMore(const KernelCall& call) {
  return MapRows<double, double>(call, [](RowOutput<double>& out, double value) {
    return value <= -1 ? out.SetNull() : out.Set(std::log1p(value));
  });
}

Result<ArrayPtr> Hypotenuse(const KernelCall& call) {
  return MapRows<double, double, double>(
      call, [](RowOutput<double>& out, double a, double b) { return out.Set(std::hypot(a, b)); });
}

// NULL outside of 0 to 20.
Result<ArrayPtr> Factorial(const KernelCall& call) {
  return MapRows<int64_t, int32_t>(call, [](RowOutput<int64_t>& out, int32_t value) {
    if (value < 0 || value > 20) return out.SetNull();
    int64_t product = 1;
    for (int32_t i = 2; i <= value; ++i) product *= i;
    return out.Set(product);
  });
}

std::string DisplayUpper(const FunctionExpr& node) {
  std::string name = node.name();
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format("{}({})", name, JoinArguments(node));
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

// The digits up to the first that is none, as 64 bits; nothing when they are too many.
std::optional<uint64_t> ReadDigits(Text digits, int base) {
  uint64_t value = 0;
  for (const char c : digits) {
    const int digit = DigitOf(c);
    if (digit >= base) break;
    if (__builtin_mul_overflow(value, static_cast<uint64_t>(base), &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(digit), &value)) {
      return std::nullopt;
    }
  }
  return value;
}

void AppendDigits(uint64_t value, int base, std::string* out) {
  char digits[64];
  int count = 0;
  do {
    digits[count++] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % static_cast<uint64_t>(base)];
    value /= static_cast<uint64_t>(base);
  } while (value > 0);
  while (count > 0) out->push_back(digits[--count]);
}

// Numbers wrap to 64 bits without a sign; a negative target base shows them with one.
Result<ArrayPtr> Conv(const KernelCall& call) {
  std::string text;
  return MapRows<Text, Text, int32_t, int32_t>(
      call, [&](RowOutput<Text>& out, Text number, int32_t from, int32_t to) -> Status {
        while (!number.empty() && number.front() == ' ') number.remove_prefix(1);
        while (!number.empty() && number.back() == ' ') number.remove_suffix(1);
        const int64_t target = std::abs(int64_t{to});
        if (from < 2 || from > 36 || target < 2 || target > 36 || number.empty()) return out.SetNull();
        bool negative = number.front() == '-';
        const auto read = ReadDigits(number.substr(negative ? 1 : 0), from);
        if (!read && call.node.ansi()) return ArithmeticOverflow(call.node);
        uint64_t value = read.value_or(UINT64_MAX);
        const auto below_zero = [&value] { return static_cast<int64_t>(value) < 0; };
        if (negative && to > 0) value = below_zero() ? UINT64_MAX : 0 - value;
        if (to < 0 && below_zero()) {
          value = 0 - value;
          negative = true;
        }
        text = negative && to < 0 ? "-" : "";
        AppendDigits(value, static_cast<int>(target), &text);
        return out.Set(text);
      });
}

Result<ArrayPtr> WidthBucket(const KernelCall& call) {
  return MapRows<int64_t, double, double, double, int64_t>(
      call, [](RowOutput<int64_t>& out, double value, double from, double to, int64_t buckets) {
        if (buckets <= 0 || buckets == INT64_MAX || std::isnan(value) || from == to || !std::isfinite(from) ||
            !std::isfinite(to)) {
          return out.SetNull();
        }
        const bool up = from < to;
        if (up ? value < from : value > from) return out.Set(0);
        if (up ? value >= to : value <= to) return out.Set(buckets + 1);
        const double place =
            static_cast<double>(buckets) * (up ? value - from : from - value) / (up ? to - from : from - to);
        constexpr double kEnd = 9223372036854775808.0;
        const int64_t bucket = std::isnan(place) ? 0 : place >= kEnd ? INT64_MAX : static_cast<int64_t>(place);
        return out.Set(static_cast<int64_t>(static_cast<uint64_t>(bucket) + 1));
      });
}

template <typename T>
Result<ArrayPtr> ValueUnlessNan(const KernelCall& call) {
  ColumnWriter<T> writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  const ColumnReader<T> first(*call.args[0]);
  const ColumnReader<T> second(*call.args[1]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (call.args[0]->IsNull(row)) {
      SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
    } else if (!std::isnan(first[row])) {
      SLUICE_RETURN_IF_ERROR(writer.Set(row, first[row]));
    } else {
      SLUICE_RETURN_IF_ERROR(call.args[1]->IsNull(row) ? writer.SetNull(row) : writer.Set(row, second[row]));
    }
  }
  return writer.Finish(call.node.type());
}

Result<ArrayPtr> NanVl(const KernelCall& call) {
  return call.node.type()->id() == arrow::Type::FLOAT ? ValueUnlessNan<float>(call) : ValueUnlessNan<double>(call);
}

Result<ExprPtr> ResolveNanVl(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("nanvl", args.size(), 2, 2));
  const auto is_float = [](const ExprPtr& arg) { return arg->type()->id() == arrow::Type::FLOAT; };
  if (!is_float(args[0]) || !is_float(args[1])) {
    for (size_t i = 0; i < 2; ++i) {
      SLUICE_ASSIGN(args[i], CoerceArgument("nanvl", i, std::move(args[i]), Arg::kDouble, options.ansi));
    }
  }
  const TypePtr type = args[0]->type();
  const bool nullable = args[0]->nullable() || args[1]->nullable();
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "nanvl", .kernel = NanVl, .ansi = options.ansi, .order = Order::kUntilNull}, type,
      nullable, std::move(args));
}

}  // namespace

void AddMoreMath(FunctionTable* table) {
  const auto of_double = [table](const char* name, const char* signature, const char* doc, const char* example,
                                 const char* since, Kernel kernel) {
    table->push_back(Function(name, signature, doc, example, since,
                              {.args = {Arg::kDouble},
                               .type = arrow::float64(),
                               .kernel = kernel,
                               .nulls = Nulls::kAlways,
                               .display = DisplayUpper}));
  };
  of_double("acos", "acos(a)", "Inverse cosine.", "acos(1)", "1.4.0", OfDouble<std::acos>);
  of_double("acosh", "acosh(a)", "Inverse hyperbolic cosine.", "acosh(1)", "3.0.0", OfDouble<std::acosh>);
  of_double("asin", "asin(a)", "Inverse sine.", "asin(0)", "1.4.0", OfDouble<std::asin>);
  of_double("asinh", "asinh(a)", "Inverse hyperbolic sine.", "asinh(0)", "3.0.0", OfDouble<std::asinh>);
  of_double("atan", "atan(a)", "Inverse tangent.", "atan(0)", "1.4.0", OfDouble<std::atan>);
  of_double("atanh", "atanh(a)", "Inverse hyperbolic tangent.", "atanh(0)", "3.0.0", OfDouble<InverseTanh>);
  of_double("cosh", "cosh(a)", "Hyperbolic cosine.", "cosh(0)", "1.4.0", OfDouble<std::cosh>);
  of_double("sinh", "sinh(a)", "Hyperbolic sine.", "sinh(0)", "1.4.0", OfDouble<std::sinh>);
  of_double("tanh", "tanh(a)", "Hyperbolic tangent.", "tanh(0)", "1.4.0", OfDouble<std::tanh>);
  of_double("cot", "cot(a)", "Cotangent.", "cot(1)", "2.3.0", OfDouble<Cotangent>);
  of_double("csc", "csc(a)", "Cosecant.", "csc(1)", "3.3.0", OfDouble<Cosecant>);
  of_double("sec", "sec(a)", "Secant.", "sec(0)", "3.3.0", OfDouble<Secant>);
  of_double("expm1", "expm1(a)", "exp(a) - 1.", "expm1(0)", "1.4.0", OfDouble<std::expm1>);
  of_double("log1p", "log1p(a)", "ln(1 + a); NULL unless a is above -1.", "log1p(0)", "1.4.0", LogOfOneMore);
  table->push_back(Function(
      "hypot", "hypot(a, b)", "sqrt(a * a + b * b).", "hypot(3, 4)", "1.4.0",
      {.args = {Arg::kDouble, Arg::kDouble}, .type = arrow::float64(), .kernel = Hypotenuse, .display = DisplayUpper}));
  table->push_back(
      Function("factorial", "factorial(a)", "1 * 2 * .. * a; NULL outside of 0 to 20.", "factorial(5)", "1.5.0",
               {.args = {Arg::kInt}, .type = arrow::int64(), .kernel = Factorial, .nulls = Nulls::kAlways}));
  table->push_back(Function(
      "conv", "conv(number, from base, to base)", "A number in another base, 2 to 36.", "conv('100', 2, 10)", "1.5.0",
      {.args = {Arg::kString, Arg::kInt, Arg::kInt}, .type = StringType(), .kernel = Conv, .nulls = Nulls::kAlways}));
  table->push_back(Function("width_bucket", "width_bucket(value, from, to, n)",
                            "Which of n even buckets the value is in; 0 and n + 1 are outside.",
                            "width_bucket(5.3, 0.2, 10.6, 5)", "3.1.0",
                            {.args = {Arg::kDouble, Arg::kDouble, Arg::kDouble, Arg::kLong},
                             .type = arrow::int64(),
                             .kernel = WidthBucket,
                             .nulls = Nulls::kAlways}));
  table->push_back(
      {"nanvl", "nanvl(a, b)", "b where a is NaN.", "nanvl(cast('NaN' as double), 123)", "1.5.0", ResolveNanVl});
}

}  // namespace sluice
