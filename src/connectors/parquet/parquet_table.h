// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "connectors/options.h"
#include "connectors/parquet/parquet_slice_reader.h"
#include "connectors/parquet/table_files.h"
#include "connectors/source.h"

namespace sluice {

// Of a file, compressed: larger ones are read by several tasks.
inline constexpr int64_t kParquetTaskBytes = 16 << 20;

// The files and columns of a table as they were when a query was resolved.
struct ResolvedTable {
  TableFiles files;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<int> folders;  // as of TableRead
};

// The options that every read of a table knows, and the paths that it names.
const std::vector<OptionRow>& ParquetReadOptions();
std::vector<std::string> ParquetPathsOf(const SourceContext& context);

// Lists the files. The columns are those that the user gave, or else those of the first file by path; then the ones
// that folders stand for.
Result<std::shared_ptr<ResolvedTable>> ResolveParquetTable(const SourceContext& context);

// The parts that tasks read, cut by the file's size alone. `order` is that of the first one.
std::vector<FilePart> PartsOfFile(const std::shared_ptr<SharedFooter>& file, int order);
// Names a part by its file and its bytes.
std::string IdentityOf(const FilePart& part);

}  // namespace sluice
