// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <memory>
#include <mutex>

#include "connectors/parquet/table_files.h"
#include "connectors/parquet/table_memory.h"

namespace sluice {

// One file of a table for the readers of its parts: its footer is read when the first of them asks, and again only when
// none of them has it any more. Thread-safe.
class SharedFooter {
 public:
  explicit SharedFooter(TableFile file) : file_(std::move(file)) {}
  const TableFile& file() const { return file_; }
  // An open reader of the file, with pages of `memory` (may be null); errors as of OpenParquetFile.
  Result<std::unique_ptr<parquet::ParquetFileReader>> Open(ReaderMemory* memory = nullptr);

 private:
  const TableFile file_;
  std::mutex mutex_;
  std::weak_ptr<parquet::FileMetaData> found_;
};

}  // namespace sluice
