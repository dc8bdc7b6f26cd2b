// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/schema.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

// The type that Spark gives a field of a Parquet file that says nothing of Spark, all NULL-able. Spark's error class
// for what it has no type for: PARQUET_TYPE_ILLEGAL for an INTERVAL or VARIANT, UNSUPPORTED_TIME_TYPE,
// DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION.
Result<std::shared_ptr<arrow::DataType>> TypeOfParquetNode(const parquet::schema::Node& node);

// "INT64 (TIME(MICROS))", "group (VARIANT)": how messages name a Parquet type.
std::string ParquetTypeText(const parquet::schema::Node& node);

}  // namespace sluice
