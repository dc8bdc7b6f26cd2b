// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/shared_footer.h"

#include "connectors/parquet/parquet_file.h"

namespace sluice {

Result<std::unique_ptr<parquet::ParquetFileReader>> SharedFooter::Open(ReaderMemory* memory) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto reader, OpenParquetFile(file(), memory, found_.lock()));
  found_ = reader->metadata();
  return reader;
}

}  // namespace sluice
