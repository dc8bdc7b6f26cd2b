// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/type_fwd.h>

#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// A compression of Parquet files by Spark's name for it.
struct ParquetCodec {
  const char* name;
  arrow::Compression::type compression;
  const char* extension;  // of part files: ".snappy.parquet"
};

const std::vector<ParquetCodec>& ParquetCodecs();
// Without regard to case; CODEC_NOT_AVAILABLE lists the names there are.
Result<ParquetCodec> FindParquetCodec(const std::string& name);

}  // namespace sluice
