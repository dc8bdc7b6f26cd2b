// SPDX-License-Identifier: Apache-2.0
// Casts to and from STRING, and to BINARY.
#include <arrow/api.h>
#include <fmt/format.h>

#include <optional>

#include "expr/cast.h"
#include "types/datetime_text.h"
#include "types/interval_type.h"
#include "types/number_text.h"
#include "types/spark_type.h"
#include "types/value_formatter.h"

namespace sluice {
namespace {

template <typename Int>
Result<ArrayPtr> ToInteger(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  const bool fraction = call.mode == CastMode::kLegacy;
  return CastRows<Int, std::string_view>(column, to, call, [fraction](std::string_view text, Int* out) {
    const auto value = ParseInteger(text, std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max(), fraction);
    if (!value) return CastOutcome::kMalformed;
    *out = static_cast<Int>(*value);
    return CastOutcome::kOk;
  });
}

template <typename Out, typename Parse>
Result<ArrayPtr> ParseRows(const ArrayPtr& column, const TypePtr& to, const CastCall& call, Parse parse) {
  return CastRows<Out, std::string_view>(column, to, call, [&parse](std::string_view text, Out* out) {
    const auto value = parse(text);
    if (!value) return CastOutcome::kMalformed;
    *out = *value;
    return CastOutcome::kOk;
  });
}

Result<ArrayPtr> ParseDecimals(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(*to);
  return CastRows<arrow::Decimal128, std::string_view>(
      column, to, call, [&decimal](std::string_view text, arrow::Decimal128* out) {
        switch (ParseDecimal(text, decimal.precision(), decimal.scale(), out)) {
          case DecimalOutcome::kOk:
            return CastOutcome::kOk;
          case DecimalOutcome::kMalformed:
            return CastOutcome::kMalformed;
          default:
            return CastOutcome::kOverflow;
        }
      });
}

// Integers as big-endian bytes (legacy only).
Result<ArrayPtr> IntegersAsBytes(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  SLUICE_ASSIGN(auto wide, CastColumn(column, arrow::int64(), call));
  const int width = column->type()->byte_width();
  ViewWriter writer(column->length(), call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({column}));
  const ColumnReader<int64_t> values(*wide);
  for (int64_t row = 0; row < column->length(); ++row) {
    if (writer.validity().IsNull(row)) continue;
    char bytes[8];
    for (int i = 0; i < width; ++i) bytes[i] = static_cast<char>(values[row] >> (8 * (width - 1 - i)));
    SLUICE_RETURN_IF_ERROR(writer.Set(row, {bytes, static_cast<size_t>(width)}));
  }
  return writer.Finish(to);
}

}  // namespace

Result<ArrayPtr> CastToString(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  if (arrow::is_binary_view_like(column->type_id())) {
    // The same bytes under the other name: any bytes are a STRING.
    auto data = column->data()->Copy();
    data->type = to;
    return arrow::MakeArray(std::move(data));
  }
  if (to->id() == arrow::Type::BINARY_VIEW) return IntegersAsBytes(column, to, call);
  SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
  ValueFormatter formatter(std::move(zone), false, call.mode != CastMode::kLegacy);
  ViewWriter writer(column->length(), call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({column}));
  std::string text;
  for (int64_t row = 0; row < column->length(); ++row) {
    if (writer.validity().IsNull(row)) continue;
    text.clear();
    SLUICE_RETURN_IF_ERROR(formatter.Append(*column, row, &text));
    const Status set = writer.Set(row, text);
    if (!set.ok()) return WithRow(set, row);
  }
  return writer.Finish(to);
}

Result<ArrayPtr> CastFromString(const ArrayPtr& column, const TypePtr& to, const CastCall& call) {
  switch (to->id()) {
    case arrow::Type::INT8:
      return ToInteger<int8_t>(column, to, call);
    case arrow::Type::INT16:
      return ToInteger<int16_t>(column, to, call);
    case arrow::Type::INT32:
      return ToInteger<int32_t>(column, to, call);
    case arrow::Type::INT64:
      return ToInteger<int64_t>(column, to, call);
    case arrow::Type::FLOAT:
      return ParseRows<float>(column, to, call, ParseFloat);
    case arrow::Type::DOUBLE:
      return ParseRows<double>(column, to, call, ParseDouble);
    case arrow::Type::BOOL:
      return ParseRows<bool>(column, to, call, ParseBoolean);
    case arrow::Type::DATE32:
      return ParseRows<int32_t>(column, to, call, ParseDate);
    case arrow::Type::DECIMAL128:
      return ParseDecimals(column, to, call);
    case arrow::Type::TIMESTAMP: {
      if (to->Equals(TimestampNtzType())) return ParseRows<int64_t>(column, to, call, ParseLocalTimestamp);
      SLUICE_ASSIGN(auto zone, TimeZone::Find(call.context.time_zone));
      return ParseRows<int64_t>(
          column, to, call, [&](std::string_view text) { return ParseTimestamp(text, &zone, call.context.now_us); });
    }
    case arrow::Type::DURATION:
      return ParseRows<int64_t>(column, to, call,
                                [&](std::string_view text) { return ParseInterval(text, FieldsOf(*to)); });
    case arrow::Type::INTERVAL_MONTHS:
      return ParseRows<int32_t>(column, to, call, [&](std::string_view text) -> std::optional<int32_t> {
        const auto months = ParseInterval(text, FieldsOf(*to));
        return months ? std::optional(static_cast<int32_t>(*months)) : std::nullopt;
      });
    default:
      return InternalError(fmt::format("no cast from STRING to {}", SparkTypeName(*to)));
  }
}

}  // namespace sluice
