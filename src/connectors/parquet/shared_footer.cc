// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/shared_footer.h"

#include <parquet/file_reader.h>

#include "connectors/parquet/parquet_file.h"

namespace sluice {

Result<std::unique_ptr<parquet::arrow::FileReader>> SharedFooter::Open() {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto reader, OpenParquetFile(file_, found_.lock()));
  found_ = reader->parquet_reader()->metadata();
  return reader;
}

}  // namespace sluice
