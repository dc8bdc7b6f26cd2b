// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "connectors/file/file_format.h"

namespace sluice {

// Parquet files. A table's columns are those of the first file by path; a large file is read in several parts, by row
// groups.
extern const FileFormat kParquetFormat;

}  // namespace sluice
