// SPDX-License-Identifier: Apache-2.0
// Names of days and months, clocks of other zones, sums and differences by units.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "expr/foldable.h"
#include "expr/functions/datetime_units.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/calendar.h"
#include "types/spark_type.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

Result<ArrayPtr> DayName(const KernelCall& call) {
  return MapRows<Text, int32_t>(call, [](RowOutput<Text>& out, int32_t days) {
    static constexpr const char* kNames[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    return out.Set(kNames[IsoWeekday(days) - 1]);
  });
}

Result<ArrayPtr> MonthName(const KernelCall& call) {
  return MapRows<Text, int32_t>(call, [](RowOutput<Text>& out, int32_t days) {
    static constexpr const char* kNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return out.Set(kNames[CivilFromDays(days).month - 1]);
  });
}

// Keeps the zone of the last name.
class ZoneCache {
 public:
  Result<TimeZone*> Get(Text name) {
    if (!zone_ || zone_->name() != name) {
      SLUICE_ASSIGN(zone_, TimeZone::Find(std::string(name)));
    }
    return &*zone_;
  }

 private:
  std::optional<TimeZone> zone_;
};

Result<ArrayPtr> ConvertTimezone(const KernelCall& call) {
  ZoneCache from;
  ZoneCache to;
  return MapRows<int64_t, Text, Text, int64_t>(
      call, [&](RowOutput<int64_t>& out, Text source, Text target, int64_t local) -> Status {
        SLUICE_ASSIGN(TimeZone * source_zone, from.Get(source));
        SLUICE_ASSIGN(TimeZone * target_zone, to.Get(target));
        return out.Set(target_zone->ToLocal(source_zone->ToUtc(local)));
      });
}

Result<ExprPtr> ResolveConvertTimezone(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("convert_timezone", args.size(), 2, 3));
  if (args.size() == 2) {
    SLUICE_ASSIGN(ExprPtr zone, ResolveFunction("current_timezone", {}, options));
    args.insert(args.begin(), std::move(zone));
  }
  bool nullable = false;
  for (size_t i = 0; i < 2; ++i) {
    SLUICE_ASSIGN(args[i], CoerceArgument("convert_timezone", i, std::move(args[i]), Arg::kString, options.ansi));
  }
  const arrow::DataType& type = *args[2]->type();
  const bool time = type.id() == arrow::Type::TIMESTAMP || type.id() == arrow::Type::DATE32;
  if (!time && !IsStringType(type) && type.id() != arrow::Type::NA) {
    return UnexpectedInput("convert_timezone", 2, *args[2], "TIMESTAMP_NTZ");
  }
  SLUICE_ASSIGN(args[2], MakeImplicitCast(std::move(args[2]), TimestampNtzType(), options.ansi));
  for (const auto& arg : args) nullable |= arg->nullable();
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "convert_timezone", .kernel = ConvertTimezone, .ansi = options.ansi}, TimestampNtzType(),
      nullable, std::move(args));
}

Result<TimeZone> ZoneOf(const KernelCall& call, const arrow::DataType& type) {
  return TimeZone::Find(type.Equals(TimestampType()) ? call.context.time_zone : "UTC");
}

Result<DatetimeUnit> UnitOf(const KernelCall& call) {
  const arrow::Scalar* unit = LiteralArgument(call.node, 0);
  const auto found = FindDatetimeUnit(unit == nullptr ? "" : unit->ToString());
  if (found) return *found;
  return UserError("INVALID_PARAMETER_VALUE.DATETIME_UNIT", fmt::format("{} knows no such unit.", call.node.name()),
                   {{"parameter", "`unit`"}, {"functionName", "`" + call.node.name() + "`"}});
}

Result<ArrayPtr> TimestampAdd(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, ZoneOf(call, *call.args[2]->type()));
  SLUICE_ASSIGN(const DatetimeUnit unit, UnitOf(call));
  return MapRows<int64_t, Text, int64_t, int64_t>(
      call, [&](RowOutput<int64_t>& out, Text, int64_t amount, int64_t micros) {
        const auto moved = AddUnits(micros, unit, amount, &zone);
        if (moved) return out.Set(*moved);
        return UserError("DATETIME_OVERFLOW",
                         fmt::format("\"{}\" is a time that no TIMESTAMP reaches.", call.node.ToString()),
                         {{"operation", call.node.ToString()}});
      });
}

Result<ArrayPtr> TimestampDiff(const KernelCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  SLUICE_ASSIGN(const DatetimeUnit unit, UnitOf(call));
  return MapRows<int64_t, Text, int64_t, int64_t>(call, [&](RowOutput<int64_t>& out, Text, int64_t begin, int64_t end) {
    return out.Set(UnitsBetween(zone.ToLocal(begin), zone.ToLocal(end), unit));
  });
}

// The unit is a constant: a word in SQL, a text elsewhere.
Status CheckUnit(const char* name, const ExprPtr& unit) {
  const auto* literal = dynamic_cast<const LiteralExpr*>(unit.get());
  const bool text = literal != nullptr && literal->value()->is_valid && IsStringType(*literal->type());
  if (text && FindDatetimeUnit(literal->ToString())) return Status::OK();
  return UserError("INVALID_PARAMETER_VALUE.DATETIME_UNIT", fmt::format("{} knows no unit {}.", name, unit->ToString()),
                   {{"parameter", "`unit`"},
                    {"functionName", fmt::format("`{}`", name)},
                    {"invalidValue", "'" + unit->ToString() + "'"}});
}

Result<ExprPtr> ResolveAdd(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("timestampadd", args.size(), 3, 3));
  SLUICE_RETURN_IF_ERROR(CheckUnit("timestampadd", args[0]));
  SLUICE_ASSIGN(args[1], CoerceArgument("timestampadd", 1, std::move(args[1]), Arg::kLong, options.ansi));
  if (!args[2]->type()->Equals(TimestampNtzType())) {
    SLUICE_ASSIGN(args[2], CoerceArgument("timestampadd", 2, std::move(args[2]), Arg::kTimestamp, options.ansi));
  }
  const TypePtr type = args[2]->type();
  const bool nullable = args[1]->nullable() || args[2]->nullable();
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "timestampadd", .kernel = TimestampAdd, .ansi = options.ansi}, type, nullable,
      std::move(args));
}

Result<ExprPtr> ResolveDiff(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("timestampdiff", args.size(), 3, 3));
  SLUICE_RETURN_IF_ERROR(CheckUnit("timestampdiff", args[0]));
  bool nullable = false;
  for (size_t i = 1; i < 3; ++i) {
    SLUICE_ASSIGN(args[i], CoerceArgument("timestampdiff", i, std::move(args[i]), Arg::kTimestamp, options.ansi));
    nullable |= args[i]->nullable();
  }
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "timestampdiff", .kernel = TimestampDiff, .ansi = options.ansi}, arrow::int64(), nullable,
      std::move(args));
}

}  // namespace

void AddMoreDates(FunctionTable* table) {
  table->push_back(Function("dayname", "dayname(date)", "The day of the week in three letters.",
                            "dayname(DATE'2008-02-20')", "4.0.0",
                            {.args = {Arg::kDate}, .type = StringType(), .kernel = DayName}));
  table->push_back(Function("monthname", "monthname(date)", "The month in three letters.",
                            "monthname(DATE'2008-02-20')", "4.0.0",
                            {.args = {Arg::kDate}, .type = StringType(), .kernel = MonthName}));
  table->push_back({"convert_timezone", "convert_timezone([source, ]target, timestamp)",
                    "The clock of the target zone when that of the source shows this time.",
                    "convert_timezone('Europe/Brussels', 'UTC', timestamp_ntz'2021-12-06 00:00:00')", "3.4.0",
                    ResolveConvertTimezone});
  table->push_back({"timestampadd", "timestampadd(unit, n, timestamp)", "So many units later.",
                    "timestampadd(HOUR, 8, TIMESTAMP'2022-02-14 20:30:00')", "3.3.0", ResolveAdd});
  table->push_back({"timestampdiff", "timestampdiff(unit, start, end)", "Whole units from start to end.",
                    "timestampdiff(DAY, TIMESTAMP'2022-02-11 20:30:00', TIMESTAMP'2022-02-14 20:30:00')", "3.3.0",
                    ResolveDiff});
}

}  // namespace sluice
