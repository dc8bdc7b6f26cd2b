// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/metadata.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

// A file's columns in engine types, all nullable: from the schema that Spark left in the footer, else from Parquet's.
// A column that cannot be read is there as VOID, and CheckReadable refuses it; the others can be read.
Result<std::shared_ptr<arrow::Schema>> SchemaOfParquetFile(const parquet::FileMetaData& footer);

// The error of a column that cannot be read, with its name and the file's.
Status CheckReadable(const arrow::Field& column, const std::string& path);

// COLUMN_ALREADY_EXISTS when names differ only in case, also inside of structs.
Status CheckColumnNames(const arrow::Schema& schema, const std::string& path);

}  // namespace sluice
