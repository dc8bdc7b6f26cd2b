// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "connectors/registry.h"
#include "connectors/source.h"

namespace sluice {

// A table of Parquet files as a finite relation: parquet.`path`, or spark.read.parquet(path). Its columns are those of
// the first file by path, then the ones that folders stand for. A large file is read in several tasks, by row groups.
Result<std::shared_ptr<arrow::Schema>> ParquetTableSchema(const SourceContext& context, bool streaming);
Result<std::unique_ptr<BatchSource>> OpenParquetTable(const SourceContext& context);

}  // namespace sluice
