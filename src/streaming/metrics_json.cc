// SPDX-License-Identifier: Apache-2.0
#include "streaming/metrics_json.h"

#include <arrow/api.h>
#include <arrow/util/base64.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "types/calendar.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kDayMs = 86'400'000;

Json ValueOf(const arrow::Array& array, int64_t row);

// As CAST(.. AS STRING) prints it.
std::string TextOf(const arrow::Array& array, int64_t row) {
  return FormatValue(array, row, "UTC").ValueOr(std::string());
}

Json Number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

Json ListOf(const arrow::ListArray& list, int64_t row) {
  Json json = Json::array();
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    json.push_back(ValueOf(*list.values(), i));
  }
  return json;
}

Json MapOf(const arrow::MapArray& map, int64_t row) {
  Json json = Json::object();
  for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    json[TextOf(*map.keys(), i)] = ValueOf(*map.items(), i);
  }
  return json;
}

Json StructOf(const arrow::FieldVector& fields, const arrow::ArrayVector& columns, int64_t row) {
  Json json;
  json["values"] = Json::array();
  for (const auto& column : columns) json["values"].push_back(ValueOf(*column, row));
  json["schema"] = Json::parse(SchemaToSparkJson(*arrow::schema(fields)), nullptr, false);
  return json;
}

Json WholeOf(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::INT8:
      return static_cast<const arrow::Int8Array&>(array).Value(row);
    case arrow::Type::INT16:
      return static_cast<const arrow::Int16Array&>(array).Value(row);
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Array&>(array).Value(row);
    default:
      return static_cast<const arrow::Int64Array&>(array).Value(row);
  }
}

Json ValueOf(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row);
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
      return WholeOf(array, row);
    case arrow::Type::FLOAT:
      return Number(std::strtod(TextOf(array, row).c_str(), nullptr));
    case arrow::Type::DOUBLE:
      return Number(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::DECIMAL128:
      return Number(std::strtod(TextOf(array, row).c_str(), nullptr));
    case arrow::Type::BINARY_VIEW:
      return arrow::util::base64_encode(static_cast<const arrow::BinaryViewArray&>(array).GetView(row));
    case arrow::Type::DATE32:
      return static_cast<const arrow::Date32Array&>(array).Value(row) * kDayMs;
    case arrow::Type::TIMESTAMP:
      return FloorDiv(static_cast<const arrow::TimestampArray&>(array).Value(row), 1000);
    case arrow::Type::LIST:
      return ListOf(static_cast<const arrow::ListArray&>(array), row);
    case arrow::Type::MAP:
      return MapOf(static_cast<const arrow::MapArray&>(array), row);
    case arrow::Type::STRUCT:
      return StructOf(array.type()->fields(), static_cast<const arrow::StructArray&>(array).Flatten().ValueOr({}), row);
    default:
      return TextOf(array, row);
  }
}

}  // namespace

std::string MetricsToJson(const arrow::RecordBatch& row) {
  return StructOf(row.schema()->fields(), row.columns(), 0).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice
