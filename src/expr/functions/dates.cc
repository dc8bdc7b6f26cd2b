// SPDX-License-Identifier: Apache-2.0
// Parts of dates and times, and arithmetic with dates.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "expr/foldable.h"
#include "expr/functions/unit_first.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/calendar.h"
#include "types/spark_type.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// As Java's int arithmetic: beyond the last day follows the first.
int32_t Wrapped(int64_t days) {
  return static_cast<int32_t>(days);
}

int YearOf(int64_t days) {
  return static_cast<int>(CivilFromDays(days).year);
}
int MonthOf(int64_t days) {
  return CivilFromDays(days).month;
}
int DayOf(int64_t days) {
  return CivilFromDays(days).day;
}
int QuarterOf(int64_t days) {
  return (CivilFromDays(days).month - 1) / 3 + 1;
}
int SundayFirst(int64_t days) {
  return IsoWeekday(days) % 7 + 1;
}
int MondayZero(int64_t days) {
  return IsoWeekday(days) - 1;
}
// Week of ISO 8601: that of its Thursday.
int WeekOf(int64_t days) {
  return (DayOfYear(days - IsoWeekday(days) + 4) - 1) / 7 + 1;
}

template <int (*kPart)(int64_t)>
Result<ArrayPtr> DatePart(const KernelCall& call) {
  return MapRows<int32_t, int32_t>(call, [](RowOutput<int32_t>& out, int32_t days) { return out.Set(kPart(days)); });
}

// kUnit: seconds of the part; kModulo: how many of them there are.
template <int64_t kUnit, int64_t kModulo>
Result<ArrayPtr> TimePart(const KernelCall& call) {
  const bool zoned = call.args[0]->type()->Equals(TimestampType());
  SLUICE_ASSIGN(auto zone, TimeZone::Find(zoned ? call.context.time_zone : "UTC"));
  return MapRows<int32_t, int64_t>(call, [&zone](RowOutput<int32_t>& out, int64_t micros) {
    return out.Set(
        static_cast<int32_t>(FloorMod(FloorDiv(FloorDiv(zone.ToLocal(micros), kMicrosPerSecond), kUnit), kModulo)));
  });
}

template <int kSign>
Result<ArrayPtr> AddDays(const KernelCall& call) {
  return MapRows<int32_t, int32_t, int32_t>(call, [](RowOutput<int32_t>& out, int32_t days, int32_t more) {
    return out.Set(
        static_cast<int32_t>(static_cast<uint32_t>(days) + static_cast<uint32_t>(kSign) * static_cast<uint32_t>(more)));
  });
}

Result<ArrayPtr> DateDiff(const KernelCall& call) {
  return MapRows<int32_t, int32_t, int32_t>(
      call, [](RowOutput<int32_t>& out, int32_t end, int32_t start) { return out.Set(Wrapped(int64_t{end} - start)); });
}

Result<ArrayPtr> AddMonths(const KernelCall& call) {
  return MapRows<int32_t, int32_t, int32_t>(call, [&call](RowOutput<int32_t>& out, int32_t days, int32_t months) {
    const CivilDay day = CivilFromDays(days);
    const int64_t month = day.year * 12 + day.month - 1 + months;
    const int64_t year = FloorDiv(month, 12);
    const int in_year = static_cast<int>(FloorMod(month, 12)) + 1;
    const int64_t moved = DaysFromCivil(year, in_year, std::min(day.day, DaysInMonth(year, in_year)));
    if (moved != static_cast<int32_t>(moved)) {
      return UserError("ARITHMETIC_OVERFLOW",
                       fmt::format("\"{}\" is a day that no DATE reaches.", call.node.ToString()));
    }
    return out.Set(static_cast<int32_t>(moved));
  });
}

Result<ArrayPtr> LastDay(const KernelCall& call) {
  return MapRows<int32_t, int32_t>(call, [](RowOutput<int32_t>& out, int32_t days) {
    const CivilDay day = CivilFromDays(days);
    return out.Set(Wrapped(int64_t{days} - day.day + DaysInMonth(day.year, day.month)));
  });
}

std::string UpperAscii(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

Result<ArrayPtr> NextDay(const KernelCall& call) {
  return MapRows<int32_t, int32_t, std::string_view>(
      call, [&call](RowOutput<int32_t>& out, int32_t days, std::string_view name) {
        static constexpr const char* kNames[7][3] = {
            {"MO", "MON", "MONDAY"}, {"TU", "TUE", "TUESDAY"},  {"WE", "WED", "WEDNESDAY"}, {"TH", "THU", "THURSDAY"},
            {"FR", "FRI", "FRIDAY"}, {"SA", "SAT", "SATURDAY"}, {"SU", "SUN", "SUNDAY"}};
        const std::string wanted = UpperAscii(name);
        for (int day = 0; day < 7; ++day) {
          if (std::none_of(std::begin(kNames[day]), std::end(kNames[day]),
                           [&](const char* known) { return wanted == known; }))
            continue;
          return out.Set(Wrapped(int64_t{days} + 1 + FloorMod(day - (IsoWeekday(days) - 1) - 1, 7)));
        }
        if (!call.node.ansi()) return out.SetNull();
        return UserError("ILLEGAL_DAY_OF_WEEK", fmt::format("'{}' is no day of the week.", name),
                         {{"string", "'" + std::string(name) + "'"}});
      });
}

// Whole months when both are the same day of their months or both the last; else 31 days make a month.
Result<ArrayPtr> MonthsBetween(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  return MapRows<double, int64_t, int64_t, bool>(
      call, [&zone](RowOutput<double>& out, int64_t end, int64_t start, bool round_off) {
        const int64_t local[2] = {zone.ToLocal(end), zone.ToLocal(start)};
        CivilDay day[2];
        int64_t seconds[2];
        for (int i = 0; i < 2; ++i) {
          day[i] = CivilFromDays(FloorDiv(local[i], kMicrosPerDay));
          // Seconds that have passed since midnight, which on the days of a change are not those that the clock shows.
          // On the first day of the range midnight lies before it: numbers wrap there, as Java's do.
          const auto midnight = static_cast<uint64_t>(FloorDiv(local[i], kMicrosPerDay)) * uint64_t{kMicrosPerDay};
          const auto begin = static_cast<uint64_t>(zone.ToUtc(static_cast<int64_t>(midnight)));
          const auto passed = static_cast<int64_t>(static_cast<uint64_t>(i == 0 ? end : start) - begin);
          seconds[i] = FloorDiv(passed, kMicrosPerSecond);
        }
        const auto months = static_cast<double>((day[0].year - day[1].year) * 12 + day[0].month - day[1].month);
        const bool last[2] = {day[0].day == DaysInMonth(day[0].year, day[0].month),
                              day[1].day == DaysInMonth(day[1].year, day[1].month)};
        if (day[0].day == day[1].day || (last[0] && last[1])) return out.Set(months);
        const int64_t rest = (day[0].day - day[1].day) * kSecondsPerDay + seconds[0] - seconds[1];
        const double value = months + static_cast<double>(rest) / (31.0 * static_cast<double>(kSecondsPerDay));
        return out.Set(round_off ? std::round(value * 1e8) / 1e8 : value);
      });
}

Status InvalidDate(int32_t year, int32_t month, int32_t day) {
  return UserError(
      "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION",
      fmt::format("There is no date {}-{}-{}. Set spark.sql.ansi.enabled=false to get NULL.", year, month, day));
}

Result<ArrayPtr> MakeDate(const KernelCall& call) {
  return MapRows<int32_t, int32_t, int32_t, int32_t>(
      call, [&call](RowOutput<int32_t>& out, int32_t year, int32_t month, int32_t day) {
        if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) {
          return call.node.ansi() ? InvalidDate(year, month, day) : out.SetNull();
        }
        const int64_t days = DaysFromCivil(year, month, day);
        if (days != static_cast<int32_t>(days)) return call.node.ansi() ? InvalidDate(year, month, day) : out.SetNull();
        return out.Set(static_cast<int32_t>(days));
      });
}

// The first day of a unit; nothing for an unknown one.
std::optional<int32_t> FirstDayOf(std::string_view unit, int32_t days) {
  const std::string wanted = UpperAscii(unit);
  const CivilDay day = CivilFromDays(days);
  if (wanted == "YEAR" || wanted == "YYYY" || wanted == "YY") return Wrapped(DaysFromCivil(day.year, 1, 1));
  if (wanted == "QUARTER") return Wrapped(DaysFromCivil(day.year, (day.month - 1) / 3 * 3 + 1, 1));
  if (wanted == "MONTH" || wanted == "MON" || wanted == "MM") return Wrapped(int64_t{days} - day.day + 1);
  if (wanted == "WEEK") return Wrapped(int64_t{days} - IsoWeekday(days) + 1);
  return std::nullopt;
}

bool IsDateUnit(const std::string& unit) {
  return FirstDayOf(unit, 0).has_value();
}

Result<ArrayPtr> Trunc(const KernelCall& call) {
  return MapRows<int32_t, int32_t, std::string_view>(call,
                                                     [](RowOutput<int32_t>& out, int32_t days, std::string_view unit) {
                                                       const auto first = FirstDayOf(unit, days);
                                                       return first ? out.Set(*first) : out.SetNull();
                                                     });
}

Result<ArrayPtr> SameDays(const KernelCall& call) {
  return call.args[0]->View(call.node.type());
}

// hour(), minute(), second() take local timestamps as they are.
Result<ExprPtr> ResolveTimePart(const char* name, Kernel kernel, std::vector<ExprPtr> args,
                                const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 1, 1));
  if (!args[0]->type()->Equals(TimestampNtzType())) {
    SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kTimestamp, options.ansi));
  }
  const bool nullable = args[0]->nullable();
  return std::make_shared<FunctionExpr>(FunctionTraits{name, kernel, nullptr, options.ansi}, arrow::int32(), nullable,
                                        std::move(args));
}

void AddTimePart(FunctionTable* table, const char* name, const char* signature, const char* doc, const char* example,
                 Kernel kernel) {
  table->push_back({name, signature, doc, example, "1.5.0",
                    [name, kernel](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveTimePart(name, kernel, std::move(args), options);
                    }});
}

// Without ANSI a text of days must be a constant, and a number.
Status CheckDays(const char* name, const ExprPtr& days) {
  if (!IsFoldable(*days)) return UnexpectedInput(name, 1, *days, "INT, SMALLINT or TINYINT");
  SLUICE_ASSIGN(const auto text, EvalConstant(days, EvalContext()));
  if (!text->is_valid) return Status::OK();
  SLUICE_ASSIGN(auto number, MakeImplicitCast(days, arrow::int32(), false));
  SLUICE_ASSIGN(const auto value, EvalConstant(number, EvalContext()));
  if (value->is_valid) return Status::OK();
  return UserError("SECOND_FUNCTION_ARGUMENT_NOT_INTEGER",
                   fmt::format("The second argument of {} must be a whole number, not '{}'.", name, days->ToString()),
                   {{"functionName", name}});
}

// Days are whole numbers: a DOUBLE is refused, as Spark does.
ScalarFunction DayArithmetic(const char* name, const char* signature, const char* doc, const char* example,
                             const char* since, Kernel kernel) {
  return {name,
          signature,
          doc,
          example,
          since,
          [name, kernel](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
            SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kDate, options.ansi));
            const auto& type = *args[1]->type();
            if ((IsNumericType(type) && !IsIntegralType(type)) || type.id() == arrow::Type::INT64) {
              return UnexpectedInput(name, 1, *args[1], "INT, SMALLINT or TINYINT");
            }
            if (IsStringType(type) && !options.ansi) SLUICE_RETURN_IF_ERROR(CheckDays(name, args[1]));
            SLUICE_ASSIGN(args[1], CoerceArgument(name, 1, std::move(args[1]), Arg::kInt, options.ansi));
            const bool nullable = args[0]->nullable() || args[1]->nullable();
            const char* shown = std::string_view(name) == "dateadd" ? "date_add" : name;
            return std::make_shared<FunctionExpr>(FunctionTraits{shown, kernel, nullptr, options.ansi}, arrow::date32(),
                                                  nullable, std::move(args));
          }};
}

}  // namespace

void AddDates(FunctionTable* table) {
  const auto part = [table](const char* name, const char* doc, Kernel kernel, const char* since = "1.5.0") {
    table->push_back(Function(name, "part(date)", doc, "year('2016-07-30')", since,
                              {.args = {Arg::kDate}, .type = arrow::int32(), .kernel = kernel}));
  };
  part("year", "The year.", DatePart<YearOf>);
  part("quarter", "The quarter, 1 to 4.", DatePart<QuarterOf>);
  part("month", "The month, 1 to 12.", DatePart<MonthOf>);
  part("weekofyear", "The week by ISO 8601.", DatePart<WeekOf>);
  part("day", "The day of the month.", DatePart<DayOf>);
  part("dayofmonth", "The day of the month.", DatePart<DayOf>);
  part("dayofyear", "The day of the year, from 1.", DatePart<DayOfYear>);
  part("dayofweek", "The day of the week, 1 is Sunday.", DatePart<SundayFirst>, "2.3.0");
  part("weekday", "The day of the week, 0 is Monday.", DatePart<MondayZero>, "2.4.0");
  AddTimePart(table, "hour", "hour(timestamp)", "The hour in the session's zone.", "hour('2009-07-30 12:58:59')",
              TimePart<3600, 24>);
  AddTimePart(table, "minute", "minute(timestamp)", "The minute.", "minute('2009-07-30 12:58:59')", TimePart<60, 60>);
  AddTimePart(table, "second", "second(timestamp)", "The second, without its fraction.",
              "second('2009-07-30 12:58:59')", TimePart<1, 60>);
  table->push_back(DayArithmetic("date_add", "date_add(date, days)", "So many days later.", "date_add('2016-07-30', 1)",
                                 "1.5.0", AddDays<1>));
  table->push_back(DayArithmetic("dateadd", "dateadd(date, days)", "So many days later.", "dateadd('2016-07-30', 1)",
                                 "3.4.0", AddDays<1>));
  table->push_back(DayArithmetic("date_sub", "date_sub(date, days)", "So many days earlier.",
                                 "date_sub('2016-07-30', 1)", "1.5.0", AddDays<-1>));
  for (const char* name : {"datediff", "date_diff"}) {
    table->push_back(Function(name, "datediff(end, start)", "Days from start to end.",
                              "datediff('2009-07-31', '2009-07-30')", "1.5.0",
                              {.args = {Arg::kDate, Arg::kDate}, .type = arrow::int32(), .kernel = DateDiff}));
  }
  table->push_back(Function("add_months", "add_months(date, months)",
                            "So many months later, at most the month's last day.", "add_months('2016-08-31', 1)",
                            "1.5.0", {.args = {Arg::kDate, Arg::kInt}, .type = arrow::date32(), .kernel = AddMonths}));
  table->push_back(
      Function("months_between", "months_between(end, start[, round])", "Months in between, with a fraction.",
               "months_between('1997-02-28', '1996-10-30')", "1.5.0",
               {.args = {Arg::kTimestamp, Arg::kTimestamp, Arg::kBoolean},
                .type = arrow::float64(),
                .kernel = MonthsBetween,
                .required = 2,
                .defaults = {std::make_shared<LiteralExpr>(std::make_shared<arrow::BooleanScalar>(true))}}));
  table->push_back(Function("last_day", "last_day(date)", "The last day of the month.", "last_day('2009-01-12')",
                            "1.5.0", {.args = {Arg::kDate}, .type = arrow::date32(), .kernel = LastDay}));
  table->push_back(Function(
      "next_day", "next_day(date, day of week)", "The first such day after the date.", "next_day('2015-01-14', 'TU')",
      "1.5.0",
      {.args = {Arg::kDate, Arg::kString}, .type = arrow::date32(), .kernel = NextDay, .nulls = Nulls::kWithoutAnsi}));
  table->push_back(UnitFirst<1>(
      IsDateUnit, Function("trunc", "trunc(date, unit)", "The first day of the year, quarter, month or week.",
                           "trunc('2019-08-04', 'week')", "1.5.0",
                           {.args = {Arg::kDate, Arg::kString},
                            .type = arrow::date32(),
                            .kernel = Trunc,
                            .nulls = Nulls::kAlways,
                            .order = Order::kLastFirst})));
  table->push_back(Function("make_date", "make_date(year, month, day)", "A date.", "make_date(2013, 7, 15)", "3.0.0",
                            {.args = {Arg::kInt, Arg::kInt, Arg::kInt},
                             .type = arrow::date32(),
                             .kernel = MakeDate,
                             .nulls = Nulls::kWithoutAnsi}));
  ScalarFunction unix_date =
      Function("unix_date", "unix_date(date)", "Days since 1970-01-01.", "unix_date(DATE'1970-01-02')", "3.1.0",
               {.args = {Arg::kDate}, .type = arrow::int32(), .kernel = SameDays});
  unix_date.resolve = [days = unix_date.resolve](std::vector<ExprPtr> args,
                                                 const ResolveOptions& options) -> Result<ExprPtr> {
    const bool other =
        args.size() == 1 && args[0]->type()->id() != arrow::Type::DATE32 && args[0]->type()->id() != arrow::Type::NA;
    if (other) return UnexpectedInput("unix_date", 0, *args[0], "DATE");  // Spark adds no cast
    return days(std::move(args), options);
  };
  table->push_back(std::move(unix_date));
  table->push_back(Function("date_from_unix_date", "date_from_unix_date(days)",
                            "The date so many days after 1970-01-01.", "date_from_unix_date(1)", "3.1.0",
                            {.args = {Arg::kInt}, .type = arrow::date32(), .kernel = SameDays}));
}

}  // namespace sluice
