// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/file/table_files.h"
#include "connectors/file/table_memory.h"
#include "connectors/registry.h"
#include "connectors/rows_wanted.h"
#include "connectors/sink.h"
#include "connectors/source.h"
#include "env/file_system.h"

namespace sluice {

// One file of a table, shared by the readers of its parts; a format derives from it what they share besides.
class SharedFile {
 public:
  explicit SharedFile(TableFile file) : file_(std::move(file)) {}
  virtual ~SharedFile() = default;
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;
  const TableFile& file() const { return file_; }

 private:
  const TableFile file_;
};

// A part of a file that one task reads: what begins in [begin, end) of its bytes, as its format counts beginnings.
struct FilePart {
  std::shared_ptr<SharedFile> file;
  int64_t begin = 0;
  int64_t end = 0;
  int order = 0;  // among the parts of a table
};

// What a table's readers have in common.
struct TableRead {
  std::shared_ptr<arrow::Schema> schema;  // of the table
  std::vector<int> folders;               // by column: which part of a file's folders it is; -1: a column of files
  std::string time_zone;
  std::shared_ptr<TableMemory> memory;      // null: unlimited
  std::shared_ptr<arrow::Schema> of_files;  // the columns of the files, in their order; formats by name do not ask
  std::vector<int> in_files;                // by column: its place in of_files, or -1
};

// What a query asks of a table's readers.
struct ReadRequest {
  std::vector<int> columns;
  std::shared_ptr<const RowsWanted> wanted;  // null: all rows
};

// A table's files as a format reads them, under the options of one query. Immutable; tasks call it in parallel.
class FileReaders {
 public:
  explicit FileReaders(std::shared_ptr<const TableRead> table) : table_(std::move(table)) {}
  virtual ~FileReaders() = default;
  const TableRead& table() const { return *table_; }

  virtual std::shared_ptr<SharedFile> Share(TableFile file) const {
    return std::make_shared<SharedFile>(std::move(file));
  }
  // Whether a file may be read in several parts.
  virtual bool CanCut(const TableFile& file) const = 0;
  virtual Result<std::unique_ptr<SliceReader>> Open(std::shared_ptr<const FilePart> part,
                                                    ReadRequest request) const = 0;
  // As BatchSource::BoundOfFirst, over all files of the table.
  virtual Result<std::optional<PlainValue>> BoundOfFirst(const std::vector<std::shared_ptr<SharedFile>>& files,
                                                         const FirstRows& wanted) {
    return std::nullopt;
  }

 protected:
  const std::shared_ptr<const TableRead> table_;
};

// A file that is complete and not published.
struct WrittenFile {
  std::unique_ptr<PendingFile> file;
  int64_t size = 0;
  int64_t rows = 0;
};

// Writes one file. Its bytes are a function of the slices given and of the calls of CloseGroup. Values are taken over
// during Write: slices need not live longer. One thread at a time.
class FileEncoder {
 public:
  virtual ~FileEncoder() = default;
  // `rows`: which rows of the slice, ascending, or null for all of them; `count`: how many.
  virtual Status Write(const arrow::RecordBatch& slice, const int32_t* rows, int64_t count) = 0;
  virtual int64_t rows() const = 0;
  // Input bytes that are held until CloseGroup.
  virtual int64_t open_bytes() const = 0;
  virtual Status CloseGroup() = 0;
  // Completes the file, if need be one without rows.
  virtual Result<WrittenFile> Finish() = 0;
};

// How the files of one query are written. Shared by its tasks, immutable.
class FileEncoding {
 public:
  // `columns`: which of the slices' columns go into the files.
  FileEncoding(std::vector<int> columns, std::string extension)
      : columns_(std::move(columns)), extension_(std::move(extension)) {}
  virtual ~FileEncoding() = default;
  const std::vector<int>& columns() const { return columns_; }
  const std::string& extension() const { return extension_; }  // ".snappy.parquet"
  virtual std::unique_ptr<FileEncoder> Open(std::unique_ptr<PendingFile> file) const = 0;

 private:
  const std::vector<int> columns_;
  const std::string extension_;
};

// One row a format of files: all that tells it from the others.
struct FileFormat {
  const char* name;   // "csv"
  const char* title;  // as Spark's errors name it: "CSV"
  // A stream takes its columns from the user, and not from the files that happen to be there.
  bool stream_needs_schema;
  const std::vector<OptionRow>& (*read_options)();
  const std::vector<OptionRow>& (*write_options)();
  // Refuses options with wrong values, and a schema (null: none given) that the format has not.
  Status (*check_read)(const SourceContext& context);
  // The columns of these files, of which there is at least one, all nullable.
  Result<std::shared_ptr<arrow::Schema>> (*infer)(const SourceContext& context, const std::vector<TableFile>& files);
  Result<std::shared_ptr<FileReaders>> (*open)(const SourceContext& context, std::shared_ptr<const TableRead> table);
  // `columns`: inside the slices of `context.schema`.
  Result<std::shared_ptr<const FileEncoding>> (*encoding)(const SinkContext& context, const std::vector<int>& columns);
};

// CSV, JSON, Parquet, text.
const std::vector<const FileFormat*>& AllFileFormats();
// By name, without regard to case; null when there is none.
const FileFormat* FindFileFormat(const std::string& name);

}  // namespace sluice
