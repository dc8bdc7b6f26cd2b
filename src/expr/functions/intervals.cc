// SPDX-License-Identifier: Apache-2.0
// Intervals: sums with dates and times, with each other, products; make_dt_interval, make_ym_interval; their parts.
#include "expr/functions/intervals.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "expr/functions/datetime_units.h"
#include "expr/functions/decimal_arithmetic.h"
#include "expr/map_rows.h"
#include "types/calendar.h"
#include "types/interval_type.h"
#include "types/spark_type.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using arrow::Decimal128;

bool IsDate(const ExprPtr& arg) {
  return arg->type()->id() == arrow::Type::DATE32;
}
bool IsTime(const ExprPtr& arg) {
  return arg->type()->id() == arrow::Type::TIMESTAMP;
}

Status IntervalOverflow() {
  return UserError("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "An interval is beyond the range of its type.");
}

Status TimeOverflow(const FunctionExpr& node) {
  return UserError("DATETIME_OVERFLOW", fmt::format("\"{}\" is a time that no type reaches.", node.ToString()),
                   {{"operation", node.ToString()}});
}

Result<TimeZone> ZoneOf(const KernelCall& call) {
  return TimeZone::Find(call.args[0]->type()->Equals(TimestampType()) ? call.context.time_zone : "UTC");
}

template <int kSign, typename T>
bool AddTo(T a, T b, T* sum) {
  return kSign > 0 ? __builtin_add_overflow(a, b, sum) : __builtin_sub_overflow(a, b, sum);
}

// Days on the clock of the zone, and what is left of the interval as time that passes.
template <int kSign>
Result<ArrayPtr> TimePlusDayTime(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, ZoneOf(call));
  return MapRows<int64_t, int64_t, int64_t>(call, [&](RowOutput<int64_t>& out, int64_t time, int64_t interval) {
    const int64_t rest = interval % kMicrosPerDay;
    int64_t local = 0;
    int64_t sum = 0;
    if (AddTo<kSign>(zone.ToLocal(time), interval - rest, &local)) return TimeOverflow(call.node);
    if (AddTo<kSign>(zone.ToUtc(local), rest, &sum)) return TimeOverflow(call.node);
    return out.Set(sum);
  });
}

template <int kSign>
Result<ArrayPtr> TimePlusYearMonth(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, ZoneOf(call));
  return MapRows<int64_t, int64_t, int32_t>(call, [&](RowOutput<int64_t>& out, int64_t time, int32_t months) {
    const auto moved = AddMonthsToLocal(zone.ToLocal(time), int64_t{kSign} * months);
    return moved ? out.Set(zone.ToUtc(*moved)) : TimeOverflow(call.node);
  });
}

template <int kSign>
Result<ArrayPtr> DatePlusDays(const KernelCall& call) {
  return MapRows<int32_t, int32_t, int64_t>(call, [](RowOutput<int32_t>& out, int32_t days, int64_t interval) {
    // As Java's int arithmetic: beyond the last day follows the first.
    return out.Set(static_cast<int32_t>(days + kSign * (interval / kMicrosPerDay)));
  });
}

template <int kSign>
Result<ArrayPtr> DatePlusYearMonth(const KernelCall& call) {
  return MapRows<int32_t, int32_t, int32_t>(call, [&](RowOutput<int32_t>& out, int32_t days, int32_t months) {
    const CivilDay day = CivilFromDays(days);
    const int64_t month = day.year * 12 + day.month - 1 + int64_t{kSign} * months;
    const int64_t year = FloorDiv(month, 12);
    const int in_year = static_cast<int>(FloorMod(month, 12)) + 1;
    const int64_t moved = DaysFromCivil(year, in_year, std::min(day.day, DaysInMonth(year, in_year)));
    return moved == static_cast<int32_t>(moved) ? out.Set(static_cast<int32_t>(moved)) : TimeOverflow(call.node);
  });
}

Result<ArrayPtr> DateMinusDate(const KernelCall& call) {
  return MapRows<int64_t, int32_t, int32_t>(call, [&](RowOutput<int64_t>& out, int32_t end, int32_t begin) {
    int64_t micros = 0;
    if (__builtin_mul_overflow(int64_t{end} - begin, kMicrosPerDay, &micros)) return IntervalOverflow();
    return out.Set(micros);
  });
}

// By the clock of the session's zone.
Result<ArrayPtr> TimeMinusTime(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, ZoneOf(call));
  return MapRows<int64_t, int64_t, int64_t>(call, [&](RowOutput<int64_t>& out, int64_t end, int64_t begin) {
    int64_t micros = 0;
    if (AddTo<-1>(zone.ToLocal(end), zone.ToLocal(begin), &micros)) return IntervalOverflow();
    return out.Set(micros);
  });
}

template <int kSign, typename T>
Result<ArrayPtr> SumOf(const KernelCall& call) {
  return MapRows<T, T, T>(call, [](RowOutput<T>& out, T a, T b) {
    T sum = 0;
    return AddTo<kSign>(a, b, &sum) ? IntervalOverflow() : out.Set(sum);
  });
}

template <int kSign>
Result<ArrayPtr> Sum(const KernelCall& call) {
  return IsDayTimeInterval(*call.node.type()) ? SumOf<kSign, int64_t>(call) : SumOf<kSign, int32_t>(call);
}

template <typename T>
Result<ArrayPtr> NegateOf(const KernelCall& call) {
  return MapRows<T, T>(call, [](RowOutput<T>& out, T value) {
    T negated = 0;
    return AddTo<-1>(T{0}, value, &negated) ? IntervalOverflow() : out.Set(negated);
  });
}

Result<ArrayPtr> Negate(const KernelCall& call) {
  return IsDayTimeInterval(*call.node.type()) ? NegateOf<int64_t>(call) : NegateOf<int32_t>(call);
}

// Halves away from zero.
template <typename T>
Status SetRounded(double value, RowOutput<T>* out) {
  const double rounded = std::round(value);
  constexpr double kEnd = sizeof(T) == 8 ? 9223372036854775808.0 : 2147483648.0;
  if (!(rounded < kEnd && rounded >= -kEnd)) return IntervalOverflow();
  return out->Set(static_cast<T>(rounded));
}

// The second argument is a DOUBLE, or a BIGINT.
template <typename T>
Result<ArrayPtr> Scale(const KernelCall& call) {
  const bool divide = call.node.name() == "/";
  if (call.args[1]->type_id() == arrow::Type::DOUBLE) {
    return MapRows<T, T, double>(call, [divide](RowOutput<T>& out, T interval, double number) {
      if (divide && number == 0) {
        return UserError("INTERVAL_DIVIDED_BY_ZERO", "An interval is divided by zero.");
      }
      const auto value = static_cast<double>(interval);
      return SetRounded(divide ? value / number : value * number, &out);
    });
  }
  return MapRows<T, T, int64_t>(call, [divide](RowOutput<T>& out, T interval, int64_t number) {
    if (divide) {
      if (number == 0) return UserError("INTERVAL_DIVIDED_BY_ZERO", "An interval is divided by zero.");
      const int64_t value = interval;
      if (number == -1)
        return value == std::numeric_limits<T>::min() ? IntervalOverflow() : out.Set(static_cast<T>(-value));
      const int64_t rest = value % number;
      const uint64_t twice = 2 * (rest < 0 ? 0 - static_cast<uint64_t>(rest) : static_cast<uint64_t>(rest));
      const uint64_t divisor = number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
      const int64_t away = twice < divisor ? 0 : (value < 0) == (number < 0) ? 1 : -1;
      return out.Set(static_cast<T>(value / number + away));
    }
    int64_t product = 0;
    if (__builtin_mul_overflow(int64_t{interval}, number, &product)) return IntervalOverflow();
    return product == static_cast<T>(product) ? out.Set(static_cast<T>(product)) : IntervalOverflow();
  });
}

ExprPtr CallOf(const char* name, Kernel kernel, TypePtr type, std::vector<ExprPtr> args, bool ansi, Display display) {
  bool nullable = false;
  for (const auto& arg : args) nullable |= arg->nullable();
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = name, .kernel = kernel, .display = display, .ansi = ansi}, std::move(type), nullable,
      std::move(args));
}

// A date or timestamp and an interval stand without parentheses.
std::string DisplayMoved(const FunctionExpr& node) {
  return fmt::format("{} {} {}", node.children()[0]->ToString(), node.name(), node.children()[1]->ToString());
}

// Spark makes days of such an interval, which it adds.
std::string DisplayDays(const FunctionExpr& node) {
  const std::string days = fmt::format("extractansiintervaldays({})", node.children()[1]->ToString());
  return fmt::format("date_add({}, {})", node.children()[0]->ToString(),
                     node.name() == "+" ? days : fmt::format("(- {})", days));
}

// A date, a timestamp or a text, and an interval.
template <int kSign>
Result<ExprPtr> Moved(ExprPtr time, ExprPtr interval, bool ansi) {
  const char* name = kSign > 0 ? "+" : "-";
  const bool months = IsYearMonthInterval(*interval->type());
  if (IsStringType(*time->type()) || time->type()->id() == arrow::Type::NA) {
    SLUICE_ASSIGN(time, MakeImplicitCast(std::move(time), TimestampType(), ansi));
  }
  if (IsDate(time)) {
    if (months) return CallOf(name, DatePlusYearMonth<kSign>, arrow::date32(), {time, interval}, ansi, DisplayMoved);
    if (FieldsOf(*interval->type()).last == IntervalField::kDay) {
      return CallOf(name, DatePlusDays<kSign>, arrow::date32(), {time, interval}, ansi, DisplayDays);
    }
    SLUICE_ASSIGN(time, MakeImplicitCast(std::move(time), TimestampType(), ansi));
  }
  if (!IsTime(time)) return UnexpectedInput(name, 0, *time, "DATE, TIMESTAMP or INTERVAL");
  const TypePtr type = time->type();
  return CallOf(name, months ? TimePlusYearMonth<kSign> : TimePlusDayTime<kSign>, type,
                {std::move(time), std::move(interval)}, ansi, DisplayMoved);
}

Result<ExprPtr> Difference(std::vector<ExprPtr> args, bool ansi) {
  if (IsDate(args[0]) && IsDate(args[1])) {
    return CallOf("-", DateMinusDate, IntervalType({IntervalField::kDay, IntervalField::kDay}), std::move(args), ansi,
                  DisplayInfix);
  }
  const bool local = args[0]->type()->Equals(TimestampNtzType()) || args[1]->type()->Equals(TimestampNtzType());
  const bool zoned = args[0]->type()->Equals(TimestampType()) || args[1]->type()->Equals(TimestampType());
  const TypePtr type = local && !zoned ? TimestampNtzType() : TimestampType();
  for (auto& arg : args) {
    SLUICE_ASSIGN(arg, MakeImplicitCast(std::move(arg), type, ansi));
  }
  return CallOf("-", TimeMinusTime, IntervalType({IntervalField::kDay, IntervalField::kSecond}), std::move(args), ansi,
                DisplayInfix);
}

// One side is a date or timestamp, and the other a text or NULL; null where it is a date and a number of days, or where
// there is neither.
Result<ExprPtr> DifferenceWithText(std::vector<ExprPtr> args, bool ansi) {
  for (size_t i = 0; i < 2; ++i) {
    const ExprPtr& time = args[i];
    const ExprPtr& other = args[1 - i];
    if (!IsDate(time) && !IsTime(time)) continue;
    const bool null = other->type()->id() == arrow::Type::NA;
    const bool text = IsStringType(*other->type());
    if (i == 0 && IsDate(time) && !null && !(text && ansi)) return ExprPtr();  // a number of days
    if (!null && !text) return UnexpectedInput("-", 1 - i, *other, IsDate(time) ? "DATE" : "TIMESTAMP");
    SLUICE_ASSIGN(args[1 - i], MakeImplicitCast(other, time->type(), ansi));
    return Difference(std::move(args), ansi);
  }
  return ExprPtr();
}

Result<ExprPtr> SumOfIntervals(char op, std::vector<ExprPtr> args, bool ansi) {
  if (!args[0]->type()->Equals(args[1]->type())) {
    // Spark takes the first of a sum of both kinds for a time.
    return UserError(op == '+' ? "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE" : "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
                     fmt::format("{} needs two intervals of one kind, not {} and {}.", op,
                                 SparkTypeName(*args[0]->type()), SparkTypeName(*args[1]->type())));
  }
  const TypePtr type = WiderInterval(args[0]->type(), args[1]->type());
  return CallOf(op == '+' ? "+" : "-", op == '+' ? Sum<1> : Sum<-1>, type, std::move(args), ansi, DisplayInfix);
}

// An interval and a number.
Result<ExprPtr> Scaled(const char* name, ExprPtr interval, ExprPtr number, bool ansi) {
  const bool whole = IsIntegralType(*number->type());
  if (!IsNumericType(*number->type()) && !IsStringType(*number->type()) && number->type()->id() != arrow::Type::NA) {
    return UnexpectedInput(name, 1, *number, "NUMERIC");
  }
  SLUICE_ASSIGN(number, MakeImplicitCast(std::move(number), whole ? arrow::int64() : arrow::float64(), ansi));
  const bool months = IsYearMonthInterval(*interval->type());
  const TypePtr type = months ? IntervalType({IntervalField::kYear, IntervalField::kMonth})
                              : IntervalType({IntervalField::kDay, IntervalField::kSecond});
  return CallOf(name, months ? Scale<int32_t> : Scale<int64_t>, type, {std::move(interval), std::move(number)}, ansi,
                DisplayInfix);
}

Result<ArrayPtr> MakeDayTime(const KernelCall& call) {
  return MapRows<int64_t, int32_t, int32_t, int32_t, Decimal128>(
      call, [](RowOutput<int64_t>& out, int32_t days, int32_t hours, int32_t minutes, const Decimal128& seconds) {
        constexpr int64_t kMinute = 60 * kMicrosPerSecond;
        int64_t sum = 0;
        if (__builtin_mul_overflow(int64_t{days}, kMicrosPerDay, &sum)) return IntervalOverflow();
        const int64_t parts[] = {hours * 60 * kMinute, minutes * kMinute, static_cast<int64_t>(seconds.low_bits())};
        for (const int64_t part : parts) {
          if (__builtin_add_overflow(sum, part, &sum)) return IntervalOverflow();
        }
        return out.Set(sum);
      });
}

Result<ArrayPtr> MakeYearMonth(const KernelCall& call) {
  return MapRows<int32_t, int32_t, int32_t>(call, [](RowOutput<int32_t>& out, int32_t years, int32_t months) {
    const int64_t sum = int64_t{years} * 12 + months;
    return sum == static_cast<int32_t>(sum) ? out.Set(static_cast<int32_t>(sum)) : IntervalOverflow();
  });
}

// Missing arguments are zeros; the last one of make_dt_interval is a DECIMAL of seconds.
Result<ExprPtr> ResolveMake(const char* name, size_t count, Kernel kernel, IntervalFields fields,
                            std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 0, static_cast<int>(count)));
  while (args.size() < count) {
    const bool seconds = count == 4 && args.size() == 3;
    args.push_back(seconds ? std::make_shared<LiteralExpr>(
                                 std::make_shared<arrow::Decimal128Scalar>(Decimal128(0), arrow::decimal128(18, 6)))
                           : IntLiteral(0));
  }
  for (size_t i = 0; i < count; ++i) {
    const bool seconds = count == 4 && i == 3;
    SLUICE_ASSIGN(args[i],
                  CoerceArgument(name, i, std::move(args[i]), seconds ? Arg::kNumber : Arg::kInt, options.ansi));
    if (seconds) {
      SLUICE_ASSIGN(args[i], MakeImplicitCast(std::move(args[i]), arrow::decimal128(18, 6), options.ansi));
    }
  }
  return CallOf(name, kernel, IntervalType(fields), std::move(args), options.ansi, nullptr);
}

}  // namespace

ExprPtr NegatedInterval(ExprPtr interval, bool ansi) {
  const TypePtr type = interval->type();
  return CallOf("negative", Negate, type, {std::move(interval)}, ansi,
                [](const FunctionExpr& node) { return fmt::format("(- {})", node.children()[0]->ToString()); });
}

Result<ExprPtr> ResolveIntervalOperator(char op, std::vector<ExprPtr> args, const ResolveOptions& options) {
  const bool intervals[] = {IsInterval(*args[0]->type()), IsInterval(*args[1]->type())};
  const bool times[] = {IsDate(args[0]) || IsTime(args[0]), IsDate(args[1]) || IsTime(args[1])};
  const bool ansi = options.ansi;
  if (op == '-' && times[0] && times[1]) return Difference(std::move(args), ansi);
  if (!intervals[0] && !intervals[1]) return op == '-' ? DifferenceWithText(std::move(args), ansi) : ExprPtr();
  if (op == '+' || op == '-') {
    if (intervals[0] && intervals[1]) return SumOfIntervals(op, std::move(args), ansi);
    if (op == '-') {
      if (intervals[0]) return UnexpectedInput("-", 1, *args[1], "INTERVAL");
      return Moved<-1>(args[0], args[1], ansi);
    }
    return intervals[1] ? Moved<1>(args[0], args[1], ansi) : Moved<1>(args[1], args[0], ansi);
  }
  if (intervals[0] && intervals[1]) return UnexpectedInput(std::string(1, op), 1, *args[1], "NUMERIC");
  if (op == '*') return intervals[0] ? Scaled("*", args[0], args[1], ansi) : Scaled("*", args[1], args[0], ansi);
  if (op == '/' && intervals[0]) return Scaled("/", args[0], args[1], ansi);
  return UnexpectedInput(std::string(1, op), intervals[0] ? 0 : 1, *args[intervals[0] ? 0 : 1], "NUMERIC");
}

void AddIntervals(FunctionTable* table) {
  table->push_back({"make_dt_interval", "make_dt_interval([days[, hours[, minutes[, seconds]]]])",
                    "An interval of days to seconds.", "make_dt_interval(1, 12, 30, 01.001001)", "3.2.0",
                    [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveMake("make_dt_interval", 4, MakeDayTime,
                                         {IntervalField::kDay, IntervalField::kSecond}, std::move(args), options);
                    }});
  table->push_back({"make_ym_interval", "make_ym_interval([years[, months]])", "An interval of years and months.",
                    "make_ym_interval(1, 2)", "3.2.0", [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveMake("make_ym_interval", 2, MakeYearMonth,
                                         {IntervalField::kYear, IntervalField::kMonth}, std::move(args), options);
                    }});
}

}  // namespace sluice
