// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "connectors/file/file_format.h"
#include "connectors/options.h"
#include "connectors/registry.h"
#include "connectors/source.h"

namespace sluice {

// Bytes of a file that one task reads: larger files are read by several, where their format allows it.
inline constexpr int64_t kFileTaskBytes = 16 << 20;

// The files and columns of a table as they were when a query was resolved.
struct ResolvedTable {
  TableFiles files;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<int> folders;  // as of TableRead, like the next two
  std::shared_ptr<arrow::Schema> of_files;
  std::vector<int> in_files;
};

// The options that every read of files knows, followed by those of the format.
std::vector<OptionRow> WithFileOptions(std::vector<OptionRow> of_format);
std::vector<std::string> FilePathsOf(const SourceContext& context);
Result<ListingOptions> ListingOptionsOf(const Options& options);

// Lists the files. The columns are those that the user gave, or else those that the format finds in the files; then the
// ones that folders stand for.
Result<std::shared_ptr<ResolvedTable>> ResolveFileTable(const FileFormat& format, const SourceContext& context);
// What the readers of the table share.
std::shared_ptr<const TableRead> ReadOf(const ResolvedTable& table, const SourceContext& context);

// The parts that tasks read, cut by the file's size alone. `order` is that of the first one.
std::vector<FilePart> PartsOfFile(const FileReaders& readers, const std::shared_ptr<SharedFile>& file, int order);
// Names a part by its file and its bytes.
std::string IdentityOf(const FilePart& part);

// The files as a finite relation: csv.`path`, or spark.read.csv(path).
Result<std::shared_ptr<arrow::Schema>> FileTableSchema(const FileFormat& format, const SourceContext& context);
Result<std::unique_ptr<BatchSource>> OpenFileTable(const FileFormat& format, const SourceContext& context);

}  // namespace sluice
