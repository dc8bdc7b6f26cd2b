// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/schema.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// spark.sql.parquet.outputTimestampType.
enum class TimestampForm { kInt96, kMicros, kMillis };
Result<TimestampForm> ParseTimestampForm(const std::string& text);

// A column of the engine as Parquet's levels see it. Leaves are numbered depth first, as Parquet's columns are.
struct ColumnShape {
  std::shared_ptr<arrow::DataType> type;
  bool nullable = true;
  int leaf_begin = 0, leaf_end = 0;
  int16_t repetition = 0;             // level of this list's or map's elements
  std::vector<ColumnShape> children;  // struct: fields; list: element; map: key, value
};

struct ParquetShape {
  std::shared_ptr<parquet::schema::GroupNode> root;  // named spark_schema
  std::vector<ColumnShape> columns;
  int leaves = 0;
};

// Spark's Parquet schema of engine types. UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE for what Parquet cannot hold (void).
Result<ParquetShape> MakeParquetShape(const arrow::Schema& schema, TimestampForm timestamps);

// Bytes of a FIXED_LEN_BYTE_ARRAY that hold a decimal of this precision.
int DecimalBytes(int precision);

}  // namespace sluice
