// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_file.h"

#include <fmt/format.h>
#include <parquet/exception.h>

#include <algorithm>

#include "base/spark_error.h"
#include "connectors/parquet/footer_check.h"

namespace sluice {
namespace {

// Columns that are not fetched in one piece are read in such steps.
constexpr int64_t kLeastBuffer = 16 << 10;
constexpr int64_t kMostBuffer = 1 << 20;
constexpr int64_t kBuffersInBudget = 256;

// Lists and texts in a footer and in page headers are made before their elements are read. An element of a footer takes
// 8 bytes at least, but some hundred in memory.
constexpr int64_t kBytesOfElement = 8;
constexpr int64_t kFewElements = 1000;
constexpr int64_t kElementInMemory = 1024;

parquet::ReaderProperties PropertiesFor(int64_t file_size, ReaderMemory* memory, arrow::MemoryPool* pool) {
  parquet::ReaderProperties properties(pool);
  const int64_t limit = memory == nullptr ? INT64_MAX : memory->limit();
  properties.enable_buffered_stream();
  properties.set_buffer_size(std::clamp(limit / kBuffersInBudget, kLeastBuffer, kMostBuffer));
  const int64_t elements = std::min(file_size / kBytesOfElement, limit / kElementInMemory) + kFewElements;
  properties.set_thrift_container_size_limit(
      static_cast<int32_t>(std::min<int64_t>(elements, parquet::kDefaultThriftContainerSizeLimit)));
  properties.set_thrift_string_size_limit(
      static_cast<int32_t>(std::clamp<int64_t>(file_size, 1, parquet::kDefaultThriftStringSizeLimit)));
  return properties;
}

Status MissingFile(const TableFile& file) {
  return EnvironmentError(
      "FAILED_READ_FILE.FILE_NOT_EXIST",
      fmt::format("There is no file {}, but the sink log {} names it. See sluice checkpoint verify.", file.path,
                  file.log),
      false, {{"path", file.path}});
}

Status FooterError(const std::string& path, const std::string& what) {
  return EnvironmentError("FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER",
                          fmt::format("{} cannot be read as a Parquet file: {}", path, what), false, {{"path", path}});
}

}  // namespace

Result<std::unique_ptr<parquet::ParquetFileReader>> OpenParquetFile(
    const TableFile& file, ReaderMemory* memory, const std::shared_ptr<parquet::FileMetaData>& metadata) {
  auto opened = file.fs->OpenForRead(file.path);
  if (!opened.ok()) return IsNotFound(opened.status()) && !file.log.empty() ? MissingFile(file) : opened.status();
  auto input = std::move(*opened);
  SLUICE_ASSIGN(const int64_t size, input->GetSize());
  try {
    auto footer = metadata;
    if (footer == nullptr) {
      // Statistics are made in the footer's pool, and other readers may have the footer when `memory` is gone.
      const auto properties = PropertiesFor(size, memory, arrow::default_memory_pool());
      footer = parquet::ParquetFileReader::Open(input, properties)->metadata();
      const Status checked = CheckRowGroups(*footer, size);
      if (!checked.ok()) return FooterError(file.path, checked.message());
    }
    arrow::MemoryPool* pool = memory == nullptr ? arrow::default_memory_pool() : memory;
    return parquet::ParquetFileReader::Open(std::move(input), PropertiesFor(size, memory, pool), footer);
  } catch (const parquet::ParquetStatusException& error) {
    if (FindSparkError(error.status()) != nullptr) return error.status();
    return FooterError(file.path, error.what());
  } catch (const parquet::ParquetException& error) {
    return FooterError(file.path, error.what());
  }
}

}  // namespace sluice
