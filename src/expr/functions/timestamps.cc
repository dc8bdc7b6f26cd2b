// SPDX-License-Identifier: Apache-2.0
// Timestamps: from and to numbers and texts, truncation, other zones.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "expr/cast.h"
#include "expr/datetime_pattern.h"
#include "expr/functions/decimal_arithmetic.h"
#include "expr/functions/unit_first.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/calendar.h"
#include "types/spark_type.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

using Text = std::string_view;

// Compiles each pattern once in a row.
class PatternCache {
 public:
  explicit PatternCache(bool for_parsing) : for_parsing_(for_parsing) {}
  Result<const DatetimePattern*> Get(Text pattern) {
    if (!compiled_ || last_ != pattern) {
      SLUICE_ASSIGN(compiled_, DatetimePattern::Compile(pattern, for_parsing_));
      last_ = pattern;
    }
    return &*compiled_;
  }

 private:
  bool for_parsing_;
  std::string last_;
  std::optional<DatetimePattern> compiled_;
};

Status CannotParse(Text text, Text pattern) {
  return UserError("CANNOT_PARSE_TIMESTAMP",
                   fmt::format("'{}' does not match the pattern '{}'. Use try_to_timestamp to get NULL, or set "
                               "spark.sql.ansi.enabled=false.",
                               text, pattern),
                   {{"func", "`try_to_timestamp`"}});
}

// Texts by a pattern, as instants; Out: int64_t for TIMESTAMP and seconds, int32_t for DATE.
template <typename Out, typename Convert>
Result<ArrayPtr> ParseWithPattern(const KernelCall& call, bool fails, Convert convert) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  PatternCache cache(true);
  return MapRows<Out, Text, Text>(call, [&](RowOutput<Out>& out, Text text, Text pattern) -> Status {
    SLUICE_ASSIGN(const DatetimePattern* compiled, cache.Get(pattern));
    const auto micros = compiled->Parse(text, &zone);
    if (!micros) return fails ? CannotParse(text, pattern) : out.SetNull();
    return out.Set(convert(*micros, &zone));
  });
}

Result<ArrayPtr> TextToTimestamp(const KernelCall& call) {
  return ParseWithPattern<int64_t>(call, call.node.ansi() && call.node.name() != "try_to_timestamp",
                                   [](int64_t micros, TimeZone*) { return micros; });
}

// What the clock shows, in whichever zone.
Result<ArrayPtr> TextToLocalTimestamp(const KernelCall& call) {
  EvalContext context = call.context;
  context.time_zone = "UTC";
  return TextToTimestamp({call.args, call.rows, context, call.node});
}

Result<ArrayPtr> TextToDate(const KernelCall& call) {
  return ParseWithPattern<int32_t>(call, call.node.ansi() && call.node.name() == "to_date",
                                   [](int64_t micros, TimeZone* zone) {
                                     return static_cast<int32_t>(FloorDiv(zone->ToLocal(micros), kMicrosPerDay));
                                   });
}

Result<ArrayPtr> TextToSeconds(const KernelCall& call) {
  return ParseWithPattern<int64_t>(call, call.node.ansi(),
                                   [](int64_t micros, TimeZone*) { return FloorDiv(micros, kMicrosPerSecond); });
}

// What is neither a text nor a time is read as its text; to_timestamp counts numbers in seconds.
Result<ExprPtr> TextOrTime(const char* name, ExprPtr arg, const arrow::DataType& target, bool ansi) {
  const arrow::DataType& type = *arg->type();
  const bool time = type.id() == arrow::Type::DATE32 || type.id() == arrow::Type::TIMESTAMP;
  const bool seconds = IsNumericType(type) && target.id() == arrow::Type::TIMESTAMP;
  if (time || seconds || type.id() == arrow::Type::NA) return arg;
  return CoerceArgument(name, 0, std::move(arg), Arg::kString, ansi);
}

// to_date, to_timestamp and their try_ forms: a cast, unless there is a pattern.
ScalarFunction TextRow(const char* name, const char* signature, const char* doc, const char* example, const char* since,
                       TypePtr type, Kernel kernel) {
  return {name,
          signature,
          doc,
          example,
          since,
          [name, type, kernel](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 1, 2));
            const bool to_null = std::string_view(name).starts_with("try_");
            SLUICE_ASSIGN(args[0], TextOrTime(name, std::move(args[0]), *type, options.ansi));
            if (args.size() == 1 || !IsStringType(*args[0]->type())) {
              const std::string text = args.size() == 1
                                           ? fmt::format("{}({})", name, args[0]->ToString())
                                           : fmt::format("{}({}, {})", name, args[0]->ToString(), args[1]->ToString());
              if (!CanCast(*args[0]->type(), *type, options.ansi))
                return UnexpectedInput(name, 0, *args[0], "STRING, DATE or TIMESTAMP");
              const CastMode mode = to_null ? CastMode::kTry : options.ansi ? CastMode::kAnsi : CastMode::kLegacy;
              return std::make_shared<CastExpr>(args[0], type, mode, false, text);
            }
            SLUICE_ASSIGN(args[1], CoerceArgument(name, 1, std::move(args[1]), Arg::kString, options.ansi));
            const bool nullable = to_null || !options.ansi || args[0]->nullable() || args[1]->nullable();
            return std::make_shared<FunctionExpr>(FunctionTraits{name, kernel, nullptr, options.ansi}, type, nullable,
                                                  std::move(args));
          }};
}

Result<ArrayPtr> DateFormat(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  PatternCache cache(false);
  std::string text;
  return MapRows<Text, int64_t, Text>(call, [&](RowOutput<Text>& out, int64_t micros, Text pattern) -> Status {
    SLUICE_ASSIGN(const DatetimePattern* compiled, cache.Get(pattern));
    text.clear();
    compiled->Format(micros, &zone, &text);
    return out.Set(text);
  });
}

Result<ArrayPtr> FromUnixtime(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  PatternCache cache(false);
  std::string text;
  return MapRows<Text, int64_t, Text>(call, [&](RowOutput<Text>& out, int64_t seconds, Text pattern) -> Status {
    SLUICE_ASSIGN(const DatetimePattern* compiled, cache.Get(pattern));
    text.clear();
    // Java's product wraps around.
    const uint64_t micros = static_cast<uint64_t>(seconds) * uint64_t{kMicrosPerSecond};
    compiled->Format(static_cast<int64_t>(micros), &zone, &text);
    return out.Set(text);
  });
}

template <int64_t kUnit>
Result<ArrayPtr> UnixOf(const KernelCall& call) {
  return MapRows<int64_t, int64_t>(
      call, [](RowOutput<int64_t>& out, int64_t micros) { return out.Set(FloorDiv(micros, kUnit)); });
}

// unix_timestamp's own rounding: towards 1970, other than unix_seconds.
Result<ArrayPtr> WholeSeconds(const KernelCall& call) {
  return MapRows<int64_t, int64_t>(
      call, [](RowOutput<int64_t>& out, int64_t micros) { return out.Set(micros / kMicrosPerSecond); });
}

Result<ExprPtr> ResolveUnixTimestamp(const char* name, std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 0, 2));
  if (args.empty()) {
    SLUICE_ASSIGN(auto now, ResolveFunction("current_timestamp", {}, options));
    args.push_back(std::move(now));
  }
  if (args.size() < 2) args.push_back(StringLiteral("yyyy-MM-dd HH:mm:ss"));
  const arrow::DataType& format = *args[1]->type();
  if (!IsStringType(format) && format.id() != arrow::Type::NA) return UnexpectedInput(name, 1, *args[1], "STRING");
  SLUICE_ASSIGN(args[1], MakeImplicitCast(std::move(args[1]), StringType(), options.ansi));
  const bool text = IsStringType(*args[0]->type());
  if (!text) {
    SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kTimestamp, options.ansi));
  }
  const bool nullable = args[0]->nullable() || args[1]->nullable() || (text && !options.ansi);
  return std::make_shared<FunctionExpr>(
      FunctionTraits{name, text ? TextToSeconds : WholeSeconds, nullptr, options.ansi}, arrow::int64(), nullable,
      std::move(args));
}

template <int64_t kUnit>
Result<ArrayPtr> FromInteger(const KernelCall& call) {
  return MapRows<int64_t, int64_t>(call, [&call](RowOutput<int64_t>& out, int64_t value) {
    int64_t micros = 0;
    if (__builtin_mul_overflow(value, kUnit, &micros)) return ArithmeticOverflow(call.node);
    return out.Set(micros);
  });
}

Result<ArrayPtr> FromSeconds(const KernelCall& call) {
  return MapRows<int64_t, double>(call, [](RowOutput<int64_t>& out, double seconds) {
    if (!std::isfinite(seconds)) return out.SetNull();
    const double micros = seconds * static_cast<double>(kMicrosPerSecond);
    constexpr double kEnd = 9223372036854775808.0;
    return out.Set(micros >= kEnd ? INT64_MAX : micros < -kEnd ? INT64_MIN : static_cast<int64_t>(micros));
  });
}

Result<ExprPtr> ResolveTimestampSeconds(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("timestamp_seconds", args.size(), 1, 1));
  const bool whole = IsIntegralType(*args[0]->type());
  const ExprPtr given = args[0];
  if (!IsNumericType(*given->type()) && given->type()->id() != arrow::Type::NA)
    return UnexpectedInput("timestamp_seconds", 0, *given, "NUMERIC");
  SLUICE_ASSIGN(args[0], MakeImplicitCast(given, whole ? arrow::int64() : arrow::float64(), options.ansi));
  const bool nullable = given->nullable() || !whole;
  return std::make_shared<FunctionExpr>(
      FunctionTraits{"timestamp_seconds", whole ? FromInteger<kMicrosPerSecond> : FromSeconds, nullptr, options.ansi},
      TimestampType(), nullable, std::move(args));
}

// The instant at which the unit began, by the session's clock; that of the first instants lies before all of them, and
// is the first one.
std::optional<int64_t> TruncateTo(std::string unit, int64_t micros, TimeZone* zone) {
  for (char& c : unit) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const int64_t local = zone->ToLocal(micros);
  const int64_t days = FloorDiv(local, kMicrosPerDay);
  const CivilDay day = CivilFromDays(days);
  if (unit == "MICROSECOND") return micros;
  if (unit == "MILLISECOND") return SaturatingAdd(micros, -FloorMod(micros, 1000));
  if (unit == "SECOND") return SaturatingAdd(micros, -FloorMod(micros, kMicrosPerSecond));
  if (unit == "MINUTE") return SaturatingAdd(micros, -FloorMod(local, 60 * kMicrosPerSecond));
  if (unit == "HOUR") return SaturatingAdd(micros, -FloorMod(local, 3600 * kMicrosPerSecond));
  int64_t first = 0;
  if (unit == "DAY" || unit == "DD") {
    first = days;
  } else if (unit == "WEEK") {
    first = days - IsoWeekday(days) + 1;
  } else if (unit == "MONTH" || unit == "MON" || unit == "MM") {
    first = days - day.day + 1;
  } else if (unit == "QUARTER") {
    first = DaysFromCivil(day.year, (day.month - 1) / 3 * 3 + 1, 1);
  } else if (unit == "YEAR" || unit == "YYYY" || unit == "YY") {
    first = DaysFromCivil(day.year, 1, 1);
  } else {
    return std::nullopt;
  }
  int64_t begin = 0;
  return __builtin_mul_overflow(first, kMicrosPerDay, &begin) ? INT64_MIN : zone->ToUtc(begin);
}

bool IsTimestampUnit(const std::string& unit) {
  TimeZone utc = TimeZone::Utc();
  return TruncateTo(unit, 0, &utc).has_value();
}

Result<ArrayPtr> DateTrunc(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  return MapRows<int64_t, Text, int64_t>(call, [&zone](RowOutput<int64_t>& out, Text unit, int64_t micros) {
    const auto begin = TruncateTo(std::string(unit), micros, &zone);
    return begin ? out.Set(*begin) : out.SetNull();
  });
}

// Puts the time of such a clock into `local`, microseconds; where there is none, into `out` NULL or an error.
Result<bool> LocalOf(const KernelCall& call, RowOutput<int64_t>& out, const int32_t (&fields)[5],
                     const arrow::Decimal128& second, int64_t* local) {
  const auto [year, month, day, hour, minute] = fields;
  const auto micros = static_cast<int64_t>(second.low_bits());
  const auto no_time = [&](Status error) -> Result<bool> {
    SLUICE_RETURN_IF_ERROR(call.node.ansi() ? std::move(error) : out.SetNull());
    return false;
  };
  if (micros > 60 * kMicrosPerSecond && micros < 61 * kMicrosPerSecond) {
    return no_time(UserError("INVALID_FRACTION_OF_SECOND",
                             "Only whole 60 seconds begin the next minute in make_timestamp; 60 with a fraction is no "
                             "second. Set spark.sql.ansi.enabled=false to get NULL.",
                             {{"secAndMicros", second.ToString(6)}}));
  }
  constexpr int32_t kLastYear = 999'999'999;  // of java.time
  const bool valid = year >= -kLastYear && year <= kLastYear && month >= 1 && month <= 12 && day >= 1 &&
                     day <= DaysInMonth(year, std::clamp(month, 1, 12)) && hour >= 0 && hour < 24 && minute >= 0 &&
                     minute < 60 && micros >= 0 && micros <= 60 * kMicrosPerSecond;
  if (!valid) {
    return no_time(UserError("DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION",
                             "A field of make_timestamp is out of its bounds. Use try_make_timestamp to get NULL, or "
                             "set spark.sql.ansi.enabled=false."));
  }
  const int64_t minutes = (DaysFromCivil(year, month, day) * 24 + hour) * 60 + minute;
  if (__builtin_mul_overflow(minutes, 60 * kMicrosPerSecond, local)) return no_time(ArithmeticOverflow(call.node));
  *local = SaturatingAdd(*local, micros);
  return true;
}

Result<ArrayPtr> MakeTimestamp(const KernelCall& call) {
  const bool local_type = call.node.type()->Equals(TimestampNtzType());
  SLUICE_ASSIGN(auto zone, TimeZone::Find(local_type ? "UTC" : call.context.time_zone));
  return MapRows<int64_t, int32_t, int32_t, int32_t, int32_t, int32_t, arrow::Decimal128>(
      call,
      [&](RowOutput<int64_t>& out, int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
          const arrow::Decimal128& second) -> Status {
        int64_t local = 0;
        SLUICE_ASSIGN(const bool there, LocalOf(call, out, {year, month, day, hour, minute}, second, &local));
        return there ? out.Set(zone.ToUtc(local)) : Status::OK();
      });
}

// With the zone that its clock shows.
Result<ArrayPtr> MakeZonedTimestamp(const KernelCall& call) {
  std::optional<TimeZone> zone;
  std::string found;
  return MapRows<int64_t, int32_t, int32_t, int32_t, int32_t, int32_t, arrow::Decimal128, Text>(
      call,
      [&](RowOutput<int64_t>& out, int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
          const arrow::Decimal128& second, Text name) -> Status {
        int64_t local = 0;
        SLUICE_ASSIGN(const bool there, LocalOf(call, out, {year, month, day, hour, minute}, second, &local));
        if (!there) return Status::OK();
        if (!zone || found != name) {
          SLUICE_ASSIGN(zone, TimeZone::Find(std::string(name)));
          found = name;
        }
        return out.Set(zone->ToUtc(local));
      });
}

// Spark shows no zone of try_make_timestamp.
std::string DisplayWithoutZone(const FunctionExpr& node) {
  std::string shown = node.name() + "(";
  for (size_t i = 0; i < 6; ++i) shown += (i == 0 ? "" : ", ") + node.children()[i]->ToString();
  return shown + ")";
}

ScalarFunction MakeTimestampRow(const char* name, const char* signature, const char* doc, const char* since) {
  return {name,
          signature,
          doc,
          "make_timestamp(2014, 12, 28, 6, 30, 45.887)",
          since,
          [name](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            const bool local = std::string_view(name).ends_with("_ntz");
            const bool to_null = std::string_view(name).starts_with("try_");
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 6, local ? 6 : 7));
            bool nullable = !options.ansi || to_null;
            for (size_t i = 0; i < 6; ++i) {
              const TypePtr wanted = i < 5 ? arrow::int32() : arrow::decimal128(16, 6);
              const bool numeric = IsNumericType(*args[i]->type()) || IsStringType(*args[i]->type());
              if (!numeric && args[i]->type()->id() != arrow::Type::NA)
                return UnexpectedInput(name, i, *args[i], i < 5 ? "INT" : "DECIMAL(16,6)");
              SLUICE_ASSIGN(args[i], MakeImplicitCast(args[i], wanted, options.ansi));
              nullable |= args[i]->nullable();
            }
            const bool zoned = args.size() == 7;
            if (zoned) {
              SLUICE_ASSIGN(args[6], CoerceArgument(name, 6, std::move(args[6]), Arg::kString, options.ansi));
              nullable |= args[6]->nullable();
            }
            const bool shorter = zoned && std::string_view(name) == "try_make_timestamp";
            FunctionTraits traits{name, zoned ? MakeZonedTimestamp : MakeTimestamp,
                                  shorter ? DisplayWithoutZone : nullptr, options.ansi && !to_null};
            return std::make_shared<FunctionExpr>(std::move(traits), local ? TimestampNtzType() : TimestampType(),
                                                  nullable, std::move(args));
          }};
}

// from_utc_timestamp (kTo false) and to_utc_timestamp: the clock of another zone.
template <bool kTo>
Result<ArrayPtr> ShiftZone(const KernelCall& call) {
  std::optional<TimeZone> zone;
  return MapRows<int64_t, int64_t, Text>(call, [&zone](RowOutput<int64_t>& out, int64_t micros, Text name) -> Status {
    if (!zone || zone->name() != name) {
      SLUICE_ASSIGN(zone, TimeZone::Find(std::string(name)));
    }
    return out.Set(kTo ? zone->ToUtc(micros) : zone->ToLocal(micros));
  });
}

bool IsZonedTimestamp(const arrow::DataType& type) {
  return type.Equals(TimestampType());
}

// The function of one argument of certain types alone: Spark adds no cast here.
ScalarFunction Uncast(ScalarFunction function, bool (*takes)(const arrow::DataType& type), const char* wanted) {
  function.resolve = [name = function.name, resolve = std::move(function.resolve), takes, wanted](
                         std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
    if (args.size() == 1 && !takes(*args[0]->type()) && args[0]->type()->id() != arrow::Type::NA) {
      return UnexpectedInput(name, 0, *args[0], wanted);
    }
    return resolve(std::move(args), options);
  };
  return function;
}

bool IsWindow(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRUCT && type.num_fields() == 2 && type.field(0)->name() == "start" &&
         type.field(1)->name() == "end" && type.field(1)->type()->id() == arrow::Type::TIMESTAMP;
}

// The last microsecond of the window.
Result<std::shared_ptr<arrow::Array>> WindowTime(const KernelCall& call) {
  const auto& windows = static_cast<const arrow::StructArray&>(*call.args[0]);
  const auto ends = windows.field(1);
  const ColumnReader<int64_t> reader(*ends);
  ColumnWriter<int64_t> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (int64_t row = 0; row < call.rows; ++row) {
    if (windows.IsNull(row) || ends->IsNull(row)) {
      SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
    } else {
      writer.values()[row] = reader[row] - 1;
    }
  }
  return writer.Finish(call.node.type());
}

ScalarFunction WindowTimeRow() {
  return {"window_time",
          "window_time(window)",
          "The last microsecond of a window that window made: the time by which windows are grouped further.",
          "window_time(named_struct('start', timestamp_micros(0), 'end', timestamp_micros(10000000)))",
          "3.4.0",
          [](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount("window_time", args.size(), 1, 1));
            if (!IsWindow(*args[0]->type())) {
              return UnexpectedInput("window_time", 0, *args[0], "a window");
            }
            auto type = args[0]->type()->field(1)->type();
            FunctionTraits traits{.name = "window_time", .kernel = WindowTime, .ansi = options.ansi};
            return std::make_shared<FunctionExpr>(std::move(traits), std::move(type), true, std::move(args));
          }};
}

void AddMakers(FunctionTable* table) {
  constexpr char kFields[] = "(year, month, day, hour, minute, second[, zone])";
  static const std::string kSignatures[] = {std::string("make_timestamp") + kFields,
                                            std::string("make_timestamp_ltz") + kFields,
                                            "make_timestamp_ntz(year, month, day, hour, minute, second)",
                                            std::string("try_make_timestamp") + kFields,
                                            std::string("try_make_timestamp_ltz") + kFields,
                                            "try_make_timestamp_ntz(year, month, day, hour, minute, second)"};
  table->push_back(MakeTimestampRow("make_timestamp", kSignatures[0].c_str(),
                                    "A timestamp on the clock of the session or of a zone.", "3.0.0"));
  table->push_back(MakeTimestampRow("make_timestamp_ltz", kSignatures[1].c_str(), "The same.", "3.4.0"));
  table->push_back(
      MakeTimestampRow("make_timestamp_ntz", kSignatures[2].c_str(), "A TIMESTAMP_NTZ of its fields.", "3.4.0"));
  table->push_back(MakeTimestampRow("try_make_timestamp", kSignatures[3].c_str(),
                                    "As make_timestamp, but NULL where there is no such time.", "4.0.0"));
  table->push_back(MakeTimestampRow("try_make_timestamp_ltz", kSignatures[4].c_str(), "The same.", "4.0.0"));
  table->push_back(MakeTimestampRow("try_make_timestamp_ntz", kSignatures[5].c_str(),
                                    "As make_timestamp_ntz, but NULL where there is no such time.", "4.0.0"));
}

}  // namespace

void AddTimestamps(FunctionTable* table) {
  table->push_back(TextRow("to_date", "to_date(str[, pattern])", "A date of a text.",
                           "to_date('2016-12-31', 'yyyy-MM-dd')", "1.5.0", arrow::date32(), TextToDate));
  table->push_back(TextRow("try_to_date", "try_to_date(str[, pattern])", "As to_date, but NULL for what is malformed.",
                           "try_to_date('x')", "4.0.0", arrow::date32(), TextToDate));
  table->push_back(TextRow("to_timestamp", "to_timestamp(str[, pattern])", "A timestamp of a text.",
                           "to_timestamp('2016-12-31', 'yyyy-MM-dd')", "2.2.0", TimestampType(), TextToTimestamp));
  table->push_back(TextRow("to_timestamp_ltz", "to_timestamp_ltz(str[, pattern])", "The same as to_timestamp.",
                           "to_timestamp_ltz('2016-12-31')", "3.4.0", TimestampType(), TextToTimestamp));
  table->push_back(TextRow("to_timestamp_ntz", "to_timestamp_ntz(str[, pattern])", "A TIMESTAMP_NTZ of a text.",
                           "to_timestamp_ntz('2016-12-31')", "3.4.0", TimestampNtzType(), TextToLocalTimestamp));
  table->push_back(TextRow("try_to_timestamp", "try_to_timestamp(str[, pattern])",
                           "As to_timestamp, but NULL for what is malformed.", "try_to_timestamp('x')", "3.5.0",
                           TimestampType(), TextToTimestamp));
  table->push_back(Function("date_format", "date_format(timestamp, pattern)", "A text by a pattern of java.time.",
                            "date_format('2016-04-08', 'y')", "1.5.0",
                            {.args = {Arg::kTimestamp, Arg::kString}, .type = StringType(), .kernel = DateFormat}));
  table->push_back({"unix_timestamp", "unix_timestamp([str or timestamp[, pattern]])", "Seconds since 1970 UTC.",
                    "unix_timestamp('2016-04-08', 'yyyy-MM-dd')", "1.5.0",
                    [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveUnixTimestamp("unix_timestamp", std::move(args), options);
                    }});
  table->push_back({"to_unix_timestamp", "to_unix_timestamp(str or timestamp[, pattern])", "Seconds since 1970 UTC.",
                    "to_unix_timestamp('2016-04-08', 'yyyy-MM-dd')", "1.6.0",
                    [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveUnixTimestamp("to_unix_timestamp", std::move(args), options);
                    }});
  table->push_back(Function("from_unixtime", "from_unixtime(seconds[, pattern])", "A text of seconds since 1970 UTC.",
                            "from_unixtime(0)", "1.5.0",
                            {.args = {Arg::kLong, Arg::kString},
                             .type = StringType(),
                             .kernel = FromUnixtime,
                             .required = 1,
                             .defaults = {StringLiteral("yyyy-MM-dd HH:mm:ss")}}));
  table->push_back({"timestamp_seconds", "timestamp_seconds(seconds)", "The timestamp so long after 1970 UTC.",
                    "timestamp_seconds(1230219000)", "3.1.0", ResolveTimestampSeconds});
  table->push_back(Uncast(Function("timestamp_millis", "timestamp_millis(milliseconds)",
                                   "The timestamp so long after 1970 UTC.", "timestamp_millis(1230219000123)", "3.1.0",
                                   {.args = {Arg::kLong}, .type = TimestampType(), .kernel = FromInteger<1000>}),
                          IsIntegralType, "INTEGRAL"));
  table->push_back(Uncast(Function("timestamp_micros", "timestamp_micros(microseconds)",
                                   "The timestamp so long after 1970 UTC.", "timestamp_micros(1230219000123123)",
                                   "3.1.0", {.args = {Arg::kLong}, .type = TimestampType(), .kernel = FromInteger<1>}),
                          IsIntegralType, "INTEGRAL"));
  const auto unix_of = [table](const char* name, const char* doc, Kernel kernel) {
    table->push_back(
        Uncast(Function(name, "unix_seconds(timestamp)", doc, "unix_seconds(TIMESTAMP'1970-01-01 00:00:01Z')", "3.1.0",
                        {.args = {Arg::kTimestamp}, .type = arrow::int64(), .kernel = kernel}),
               IsZonedTimestamp, "TIMESTAMP"));
  };
  unix_of("unix_seconds", "Seconds since 1970 UTC, rounded down.", UnixOf<kMicrosPerSecond>);
  unix_of("unix_millis", "Milliseconds since 1970 UTC, rounded down.", UnixOf<1000>);
  unix_of("unix_micros", "Microseconds since 1970 UTC.", UnixOf<1>);
  table->push_back(UnitFirst<0>(
      IsTimestampUnit, Function("date_trunc", "date_trunc(unit, timestamp)",
                                "The beginning of the year, quarter, month, week, day, hour, minute or second.",
                                "date_trunc('HOUR', '2015-03-05T09:32:05.359')", "2.3.0",
                                {.args = {Arg::kString, Arg::kTimestamp},
                                 .type = TimestampType(),
                                 .kernel = DateTrunc,
                                 .nulls = Nulls::kAlways})));
  AddMakers(table);
  table->push_back(Function(
      "from_utc_timestamp", "from_utc_timestamp(timestamp, zone)", "The clock of the zone when it is this time UTC.",
      "from_utc_timestamp('2016-08-31', 'Asia/Seoul')", "1.5.0",
      {.args = {Arg::kTimestamp, Arg::kString}, .type = TimestampType(), .kernel = ShiftZone<false>}));
  table->push_back(
      Function("to_utc_timestamp", "to_utc_timestamp(timestamp, zone)", "UTC when the zone's clock shows this time.",
               "to_utc_timestamp('2016-08-31', 'Asia/Seoul')", "1.5.0",
               {.args = {Arg::kTimestamp, Arg::kString}, .type = TimestampType(), .kernel = ShiftZone<true>}));
  table->push_back(WindowTimeRow());
}

}  // namespace sluice
