// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_codec.h"

#include <arrow/util/compression.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/spark_error.h"

namespace sluice {

const std::vector<ParquetCodec>& ParquetCodecs() {
  static const auto* codecs = new std::vector<ParquetCodec>{
      {"none", arrow::Compression::UNCOMPRESSED, ".parquet"},
      {"uncompressed", arrow::Compression::UNCOMPRESSED, ".parquet"},
      {"snappy", arrow::Compression::SNAPPY, ".snappy.parquet"},
      {"gzip", arrow::Compression::GZIP, ".gz.parquet"},
      {"zstd", arrow::Compression::ZSTD, ".zstd.parquet"},
      {"lz4", arrow::Compression::LZ4_HADOOP, ".lz4hadoop.parquet"},
      {"lz4_raw", arrow::Compression::LZ4, ".lz4raw.parquet"},
  };
  return *codecs;
}

Result<ParquetCodec> FindParquetCodec(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string known;
  for (const ParquetCodec& codec : ParquetCodecs()) {
    if (lower == codec.name) return codec;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", codec.name);
  }
  return UserError("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
                   fmt::format("There is no compression '{}' for Parquet; there are {}.", name, known),
                   {{"codecName", name}, {"availableCodecs", known}});
}

}  // namespace sluice
