// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/arrow/reader.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/parquet/table_files.h"

namespace parquet::schema {
class GroupNode;
}

namespace sluice {

constexpr int64_t kParquetSliceRows = 8192;

// An open Parquet file that yields strings as views and INT96 as microseconds. Errors name the file
// (FAILED_READ_FILE). With its metadata, the footer is not read again.
Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquetFile(
    const TableFile& file, const std::shared_ptr<parquet::FileMetaData>& metadata = nullptr);

// The file's columns in engine types, all nullable: from the schema that Spark left in the footer, else from Parquet's.
Result<std::shared_ptr<arrow::Schema>> SchemaOfParquetFile(parquet::arrow::FileReader* reader);

// The field of the file's root that a column of the table is read from, names compared without case; -1: it has none.
int FieldOfFile(const parquet::schema::GroupNode& root, const std::string& name);

// Brings a column of a file into the type that the table has for it: other names inside, INT96 as timestamps with a
// zone, narrower numbers. FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH when that is not possible.
Result<std::shared_ptr<arrow::Array>> ConformColumn(const std::shared_ptr<arrow::Array>& column,
                                                    const arrow::Field& wanted, const std::string& path);

}  // namespace sluice
