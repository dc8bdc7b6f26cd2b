// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <parquet/file_reader.h>

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "connectors/file/table_files.h"
#include "connectors/file/table_memory.h"

namespace sluice {

constexpr int64_t kParquetSliceRows = 8192;

// An open Parquet file whose pages come from `memory`, which must outlive it; null: from anywhere. With its metadata,
// the footer is not read again. FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER, with the file, also when the footer claims
// what cannot be.
Result<std::unique_ptr<parquet::ParquetFileReader>> OpenParquetFile(
    const TableFile& file, ReaderMemory* memory = nullptr,
    const std::shared_ptr<parquet::FileMetaData>& metadata = nullptr);

}  // namespace sluice
