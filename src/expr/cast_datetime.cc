// SPDX-License-Identifier: Apache-2.0
// Casts from and to DATE and TIMESTAMP, strings apart.
#include <arrow/api.h>
#include <fmt/format.h>

#include <cmath>

#include "expr/cast.h"
#include "types/calendar.h"
#include "types/spark_type.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

bool IsZoned(const arrow::DataType& type) {
  return type.Equals(TimestampType());
}

Result<ArrayPtr> DatesToTimestamp(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(IsZoned(*to) ? call.context.time_zone : "UTC"));
  return CastRows<int64_t, int32_t>(column, to, call, [&zone](int32_t days, int64_t* out) {
    int64_t local = 0;
    if (__builtin_mul_overflow(int64_t{days}, kMicrosPerDay, &local)) return CastOutcome::kOverflow;
    *out = zone.ToUtc(local);
    return CastOutcome::kOk;
  });
}

Result<ArrayPtr> TimestampsToDate(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(IsZoned(*column->type()) ? call.context.time_zone : "UTC"));
  return CastRows<int32_t, int64_t>(column, to, call, [&zone](int64_t micros, int32_t* out) {
    *out = static_cast<int32_t>(FloorDiv(zone.ToLocal(micros), kMicrosPerDay));
    return CastOutcome::kOk;
  });
}

Result<ArrayPtr> TimestampsToTimestamp(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  const bool to_local = IsZoned(*column->type());
  return CastRows<int64_t, int64_t>(column, to, call, [&zone, to_local](int64_t micros, int64_t* out) {
    *out = to_local ? zone.ToLocal(micros) : zone.ToUtc(micros);
    return CastOutcome::kOk;
  });
}

Result<ArrayPtr> NumbersToTimestamp(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  if (arrow::is_floating(column->type_id())) {
    SLUICE_ASSIGN(auto wide, CastColumn(column, arrow::float64(), call));
    const bool checked = call.mode != CastMode::kLegacy;
    return CastRows<int64_t, double>(wide, to, call, [checked](double seconds, int64_t* out) {
      if (!std::isfinite(seconds)) return CastOutcome::kMalformed;
      constexpr double kMost = 9.223372036854775807e18;
      if (checked && std::abs(seconds * static_cast<double>(kMicrosPerSecond)) > kMost) return CastOutcome::kOverflow;
      const double micros = seconds * static_cast<double>(kMicrosPerSecond);
      *out = micros >= 9.223372036854775807e18    ? std::numeric_limits<int64_t>::max()
             : micros <= -9.223372036854775808e18 ? std::numeric_limits<int64_t>::min()
                                                  : static_cast<int64_t>(micros);
      return CastOutcome::kOk;
    });
  }
  if (column->type_id() == arrow::Type::DECIMAL128) {
    // Cut to microseconds, not rounded; what is too large keeps its lowest bits, as in Spark.
    constexpr int32_t kMicroDigits = 6;
    const int32_t scale = static_cast<const arrow::Decimal128Type&>(*column->type()).scale();
    return CastRows<int64_t, arrow::Decimal128>(column, to, call, [=](const arrow::Decimal128& value, int64_t* out) {
      const arrow::Decimal128 micros = scale > kMicroDigits
                                           ? arrow::Decimal128(value.ReduceScaleBy(scale - kMicroDigits, false))
                                           : arrow::Decimal128(value.IncreaseScaleBy(kMicroDigits - scale));
      *out = static_cast<int64_t>(micros.low_bits());
      return CastOutcome::kOk;
    });
  }
  SLUICE_ASSIGN(auto wide, CastColumn(column, arrow::int64(), call));
  if (column->type_id() == arrow::Type::BOOL) return wide->View(to);  // true is one microsecond
  return CastRows<int64_t, int64_t>(wide, to, call, [](int64_t seconds, int64_t* out) {
    if (__builtin_mul_overflow(seconds, kMicrosPerSecond, out)) {
      *out = seconds < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
    }
    return CastOutcome::kOk;
  });
}

Result<ArrayPtr> TimestampsToNumber(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  if (arrow::is_floating(to->id())) {
    SLUICE_ASSIGN(auto seconds,
                  (CastRows<double, int64_t>(column, arrow::float64(), call, [](int64_t micros, double* out) {
                    *out = static_cast<double>(micros) / static_cast<double>(kMicrosPerSecond);
                    return CastOutcome::kOk;
                  })));
    return CastColumn(seconds, to, call);
  }
  if (to->id() == arrow::Type::DECIMAL128) {
    SLUICE_ASSIGN(auto exact, (CastRows<arrow::Decimal128, int64_t>(column, arrow::decimal128(20, 6), call,
                                                                    [](int64_t micros, arrow::Decimal128* out) {
                                                                      *out = arrow::Decimal128(micros);
                                                                      return CastOutcome::kOk;
                                                                    })));
    return CastColumn(exact, to, call);
  }
  const bool as_boolean = to->id() == arrow::Type::BOOL;
  SLUICE_ASSIGN(auto seconds,
                (CastRows<int64_t, int64_t>(column, arrow::int64(), call, [as_boolean](int64_t micros, int64_t* out) {
                  *out = as_boolean ? micros : FloorDiv(micros, kMicrosPerSecond);
                  return CastOutcome::kOk;
                })));
  // Without ANSI, too, seconds that do not fit are NULL.
  return CastColumn(seconds, to, {call.mode == CastMode::kLegacy ? CastMode::kTry : call.mode, call.context});
}

}  // namespace

Result<ArrayPtr> CastDatetime(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  const bool to_timestamp = to->id() == arrow::Type::TIMESTAMP;
  if (column->type_id() == arrow::Type::DATE32) {
    if (to_timestamp) return DatesToTimestamp(column, to, call);
    return arrow::MakeArrayOfNull(to, column->length(), PoolOf(call.context));  // legacy: a date is no number
  }
  if (column->type_id() == arrow::Type::TIMESTAMP) {
    if (to_timestamp) return TimestampsToTimestamp(column, to, call);
    return to->id() == arrow::Type::DATE32 ? TimestampsToDate(column, to, call) : TimestampsToNumber(column, to, call);
  }
  if (!to_timestamp)
    return InternalError(fmt::format("no cast from {} to {}", SparkTypeName(*column->type()), SparkTypeName(*to)));
  return NumbersToTimestamp(column, to, call);
}

}  // namespace sluice
