// SPDX-License-Identifier: Apache-2.0
#include "types/value_formatter.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/spark_error.h"
#include "types/calendar.h"
#include "types/datetime_text.h"
#include "types/interval_type.h"
#include "types/number_text.h"
#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

template <typename ArrayType>
auto Value(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).GetView(row);
}

void AppendBinary(std::string_view bytes, bool pretty, std::string* out) {
  if (!pretty) {
    out->append(bytes);
    return;
  }
  *out += '[';
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) *out += ' ';
    *out += fmt::format("{:02X}", static_cast<unsigned char>(bytes[i]));
  }
  *out += ']';
}

void AppendInteger(int64_t value, std::string* out) {
  const fmt::format_int text(value);
  out->append(text.data(), text.size());
}

// The local time of an instant, also where it lies beyond 64 bits.
void AppendTimestamp(int64_t micros, int64_t offset, std::string* out) {
  int64_t local = 0;
  if (!__builtin_add_overflow(micros, offset, &local)) return AppendLocalTimestamp(local, out);
  const int64_t in_day = FloorMod(micros, kMicrosPerDay) + offset;
  std::string time;
  AppendLocalTimestamp(FloorMod(in_day, kMicrosPerDay), &time);
  AppendDate(FloorDiv(micros, kMicrosPerDay) + FloorDiv(in_day, kMicrosPerDay), out);
  out->append(time, time.find(' '));
}

}  // namespace

Status ValueFormatter::Append(const arrow::Array& array, int64_t row, std::string* out) {
  if (array.IsNull(row)) {
    *out += pretty_ ? "NULL" : "null";
    return Status::OK();
  }
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      *out += Value<arrow::BooleanArray>(array, row) ? "true" : "false";
      break;
    case arrow::Type::INT8:
      AppendInteger(Value<arrow::Int8Array>(array, row), out);
      break;
    case arrow::Type::INT16:
      AppendInteger(Value<arrow::Int16Array>(array, row), out);
      break;
    case arrow::Type::INT32:
      AppendInteger(Value<arrow::Int32Array>(array, row), out);
      break;
    case arrow::Type::INT64:
      AppendInteger(Value<arrow::Int64Array>(array, row), out);
      break;
    case arrow::Type::FLOAT:
      AppendFloat(Value<arrow::FloatArray>(array, row), out);
      break;
    case arrow::Type::DOUBLE:
      AppendDouble(Value<arrow::DoubleArray>(array, row), out);
      break;
    case arrow::Type::STRING:
      out->append(Value<arrow::StringArray>(array, row));
      break;
    case arrow::Type::STRING_VIEW:
      out->append(Value<arrow::StringViewArray>(array, row));
      break;
    case arrow::Type::BINARY:
      AppendBinary(Value<arrow::BinaryArray>(array, row), pretty_, out);
      break;
    case arrow::Type::BINARY_VIEW:
      AppendBinary(Value<arrow::BinaryViewArray>(array, row), pretty_, out);
      break;
    case arrow::Type::DATE32:
      AppendDate(Value<arrow::Date32Array>(array, row), out);
      break;
    case arrow::Type::TIMESTAMP: {
      const int64_t micros = Value<arrow::TimestampArray>(array, row);
      const bool local = static_cast<const arrow::TimestampType&>(*array.type()).timezone().empty();
      AppendTimestamp(micros, local ? 0 : zone_.OffsetSeconds(micros) * kMicrosPerSecond, out);
      break;
    }
    case arrow::Type::DURATION:
      AppendInterval(Value<arrow::DurationArray>(array, row), FieldsOf(*array.type()), out);
      break;
    case arrow::Type::INTERVAL_MONTHS:
      AppendInterval(array.data()->GetValues<int32_t>(1)[row], FieldsOf(*array.type()), out);
      break;
    case arrow::Type::DECIMAL128: {
      const arrow::Decimal128 value(static_cast<const arrow::Decimal128Array&>(array).GetValue(row));
      const int32_t scale = static_cast<const arrow::Decimal128Type&>(*array.type()).scale();
      AppendDecimal(value, scale, plain_decimals_ || pretty_, out);
      break;
    }
    default:
      return AppendNested(array, row, out);
  }
  return Status::OK();
}

Status ValueFormatter::AppendNested(const arrow::Array& array, int64_t row, std::string* out) {
  switch (array.type_id()) {
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      *out += '[';
      for (int32_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
        if (i > list.value_offset(row)) *out += ", ";
        SLUICE_RETURN_IF_ERROR(Append(*list.values(), i, out));
      }
      *out += ']';
      return Status::OK();
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      *out += '{';
      for (int32_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        if (i > map.value_offset(row)) *out += ", ";
        SLUICE_RETURN_IF_ERROR(Append(*map.keys(), i, out));
        *out += " -> ";
        SLUICE_RETURN_IF_ERROR(Append(*map.items(), i, out));
      }
      *out += '}';
      return Status::OK();
    }
    case arrow::Type::STRUCT: {
      const auto& values = static_cast<const arrow::StructArray&>(array);
      *out += '{';
      for (int i = 0; i < values.num_fields(); ++i) {
        if (i > 0) *out += ", ";
        SLUICE_RETURN_IF_ERROR(Append(*values.field(i), row, out));
      }
      *out += '}';
      return Status::OK();
    }
    default:
      return InternalError(fmt::format("no text form for values of type {}", SparkSimpleString(*array.type())));
  }
}

Result<std::string> FormatValue(const arrow::Array& array, int64_t row, const std::string& time_zone) {
  SLUICE_ASSIGN(auto zone, TimeZone::Find(time_zone));
  std::string text;
  SLUICE_RETURN_IF_ERROR(ValueFormatter(std::move(zone), true).Append(array, row, &text));
  std::string repaired;  // to be looked at: UTF-8, whatever the bytes
  AppendRepaired(text, &repaired);
  return repaired;
}

}  // namespace sluice
