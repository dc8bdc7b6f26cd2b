// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/row_group_range.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <parquet/exception.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>

namespace sluice {
namespace {

using Bounds = std::pair<PlainValue, PlainValue>;

std::string ToBytes(const parquet::ByteArray& value) {
  return {reinterpret_cast<const char*>(value.ptr), value.len};
}

template <typename ParquetType, typename Convert>
Bounds BoundsOf(const parquet::Statistics& statistics, Convert convert) {
  const auto& typed = static_cast<const parquet::TypedStatistics<ParquetType>&>(statistics);
  return {PlainValue(convert(typed.min())), PlainValue(convert(typed.max()))};
}

// Whole numbers that are stored as signed ones.
bool IsSigned(const parquet::ColumnDescriptor& column) {
  const auto& logical = column.logical_type();
  if (logical == nullptr || logical->is_none()) return true;
  return logical->is_int() && static_cast<const parquet::IntLogicalType&>(*logical).is_signed();
}

bool IsMicros(const parquet::ColumnDescriptor& column) {
  const auto& logical = column.logical_type();
  return logical != nullptr && logical->is_timestamp() &&
         static_cast<const parquet::TimestampLogicalType&>(*logical).time_unit() ==
             parquet::LogicalType::TimeUnit::MICROS;
}

bool IsLogical(const parquet::ColumnDescriptor& column, bool (parquet::LogicalType::*test)() const) {
  const auto& logical = column.logical_type();
  return logical != nullptr && (*logical.*test)();
}

bool HasScale(const parquet::ColumnDescriptor& column, int scale) {
  return IsLogical(column, &parquet::LogicalType::is_decimal) &&
         static_cast<const parquet::DecimalLogicalType&>(*column.logical_type()).scale() == scale;
}

std::optional<Bounds> NumberBounds(const parquet::Statistics& statistics, const parquet::ColumnDescriptor& column) {
  const auto widen = [](auto value) { return int64_t{value}; };
  if (column.physical_type() == parquet::Type::INT32) return BoundsOf<parquet::Int32Type>(statistics, widen);
  if (column.physical_type() == parquet::Type::INT64) return BoundsOf<parquet::Int64Type>(statistics, widen);
  return std::nullopt;
}

std::optional<Bounds> DecimalBounds(const parquet::Statistics& statistics, const parquet::ColumnDescriptor& column) {
  if (auto numbers = NumberBounds(statistics, column)) {
    return Bounds{arrow::Decimal128(std::get<int64_t>(numbers->first)),
                  arrow::Decimal128(std::get<int64_t>(numbers->second))};
  }
  if (column.physical_type() != parquet::Type::FIXED_LEN_BYTE_ARRAY) return std::nullopt;
  const auto& typed = static_cast<const parquet::FLBAStatistics&>(statistics);
  const auto least = arrow::Decimal128::FromBigEndian(typed.min().ptr, column.type_length());
  const auto greatest = arrow::Decimal128::FromBigEndian(typed.max().ptr, column.type_length());
  if (!least.ok() || !greatest.ok()) return std::nullopt;
  return Bounds{*least, *greatest};
}

std::optional<Bounds> FloatingBounds(const parquet::Statistics& statistics, const parquet::ColumnDescriptor& column) {
  const auto widen = [](auto value) { return double{value}; };
  if (column.physical_type() == parquet::Type::FLOAT) return BoundsOf<parquet::FloatType>(statistics, widen);
  if (column.physical_type() == parquet::Type::DOUBLE) return BoundsOf<parquet::DoubleType>(statistics, widen);
  return std::nullopt;
}

// NaN among the bounds: of a writer that did not set it aside, whose bounds say nothing.
bool IsNan(const Bounds& bounds) {
  const auto is_nan = [](const PlainValue& value) {
    const auto* number = std::get_if<double>(&value);
    return number != nullptr && std::isnan(*number);
  };
  return is_nan(bounds.first) || is_nan(bounds.second);
}

// Of a column whose type in the file is the one that it is read as; other pairs tell nothing.
std::optional<Bounds> BoundsAs(const arrow::DataType& type, const parquet::Statistics& statistics,
                               const parquet::ColumnDescriptor& column) {
  using parquet::LogicalType;
  switch (type.id()) {
    case arrow::Type::BOOL:
      if (column.physical_type() != parquet::Type::BOOLEAN) return std::nullopt;
      return BoundsOf<parquet::BooleanType>(statistics, [](bool value) { return int64_t{value}; });
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
      return IsSigned(column) ? NumberBounds(statistics, column) : std::nullopt;
    case arrow::Type::DATE32:
      return IsLogical(column, &LogicalType::is_date) ? NumberBounds(statistics, column) : std::nullopt;
    case arrow::Type::TIMESTAMP:
      return IsMicros(column) ? NumberBounds(statistics, column) : std::nullopt;
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return FloatingBounds(statistics, column);
    case arrow::Type::DECIMAL128:
      return HasScale(column, static_cast<const arrow::DecimalType&>(type).scale()) ? DecimalBounds(statistics, column)
                                                                                    : std::nullopt;
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      if (column.physical_type() != parquet::Type::BYTE_ARRAY || column.sort_order() != parquet::SortOrder::UNSIGNED) {
        return std::nullopt;
      }
      return BoundsOf<parquet::ByteArrayType>(statistics, ToBytes);
    default:
      return std::nullopt;
  }
}

// Footers have bounds in two forms. The new one names its order; the old one compares everything as signed numbers or
// signed bytes, whatever the values mean, and some writers got even that wrong: it is believed of plain numbers only.
bool AreBoundsInOrder(const parquet::ColumnDescriptor& column) {
  if (column.column_order().get_order() == parquet::ColumnOrder::TYPE_DEFINED_ORDER) return true;
  if (IsLogical(column, &parquet::LogicalType::is_decimal)) return false;
  return column.physical_type() != parquet::Type::BYTE_ARRAY &&
         column.physical_type() != parquet::Type::FIXED_LEN_BYTE_ARRAY;
}

}  // namespace

ColumnRange RangeInRowGroup(const parquet::RowGroupMetaData& group, int leaf, const arrow::DataType& type) {
  ColumnRange range;
  range.rows = group.num_rows();
  range.may_be_nan = arrow::is_floating(type.id());
  const auto chunk = group.ColumnChunk(leaf);
  const parquet::ColumnDescriptor& column = *group.schema()->Column(leaf);
  if (column.max_definition_level() == 0) range.nulls = 0;
  if (column.max_repetition_level() > 0 || !chunk->is_stats_set()) return range;
  const std::shared_ptr<parquet::Statistics> statistics = chunk->statistics();
  if (statistics == nullptr) return range;
  if (statistics->HasNullCount() && statistics->null_count() >= 0 && statistics->null_count() <= range.rows) {
    range.nulls = statistics->null_count();
  }
  if (!statistics->HasMinMax() || !AreBoundsInOrder(column)) return range;
  if (auto bounds = BoundsAs(type, *statistics, column); bounds && !IsNan(*bounds)) {
    range.least = std::move(bounds->first);
    range.greatest = std::move(bounds->second);
  }
  return range;
}

ColumnRange RangeOfConstant(const arrow::Scalar& value, int64_t rows) {
  ColumnRange range;
  range.rows = rows;
  range.nulls = value.is_valid ? 0 : rows;
  range.may_be_nan = arrow::is_floating(value.type->id());
  range.least = PlainValueOf(value);
  range.greatest = range.least;
  return range;
}

}  // namespace sluice
