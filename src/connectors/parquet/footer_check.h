// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <parquet/metadata.h>

#include <cstdint>

#include "base/status.h"

namespace sluice {

// Where the first byte of a row group is said to be; 0 for one without columns.
int64_t BeginOfRowGroup(const parquet::RowGroupMetaData& group);

// Whether what a footer claims of its row groups can be true of a file of `file_size` bytes: places inside of it, no
// negative counts, and no more rows than the bytes of a column could tell. Throws parquet::ParquetException as
// Parquet's readers do. The status has no class and names no file.
Status CheckRowGroups(const parquet::FileMetaData& footer, int64_t file_size);

}  // namespace sluice
