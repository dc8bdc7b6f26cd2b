// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <memory>
#include <mutex>

#include "connectors/file/file_format.h"
#include "connectors/file/table_memory.h"

namespace sluice {

// One file of a table for the readers of its parts: its footer is read when the first of them asks, and again only when
// none of them has it any more. Thread-safe.
class SharedFooter : public SharedFile {
 public:
  using SharedFile::SharedFile;
  // An open reader of the file, with pages of `memory` (may be null); errors as of OpenParquetFile.
  Result<std::unique_ptr<parquet::ParquetFileReader>> Open(ReaderMemory* memory = nullptr);

 private:
  std::mutex mutex_;
  std::weak_ptr<parquet::FileMetaData> found_;
};

}  // namespace sluice
