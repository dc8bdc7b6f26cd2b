// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/decimal_check.h"

#include <arrow/array.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

Status CheckValues(const arrow::Decimal128Array& values, const std::string& path) {
  const int precision = static_cast<const arrow::Decimal128Type&>(*values.type()).precision();
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row) || arrow::Decimal128(values.GetValue(row)).FitsInPrecision(precision)) continue;
    return EnvironmentError("FAILED_READ_FILE.NO_HINT",
                            fmt::format("The file {} has a value with more digits than its type {} allows.", path,
                                        SparkTypeName(*values.type())),
                            false, {{"path", path}});
  }
  return Status::OK();
}

}  // namespace

Status CheckDecimals(const arrow::Array& column, const std::string& path) {
  if (column.type_id() == arrow::Type::DECIMAL128) {
    return CheckValues(static_cast<const arrow::Decimal128Array&>(column), path);
  }
  for (const auto& child : column.data()->child_data) {
    SLUICE_RETURN_IF_ERROR(CheckDecimals(*arrow::MakeArray(child), path));
  }
  return Status::OK();
}

}  // namespace sluice
