// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/file/file_format.h"
#include "connectors/text/text_window.h"
#include "expr/csv_options.h"

namespace sluice {

// Cuts the text of a part of a file into records. One thread at a time.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // The next record, without what ends it; false behind the last one. Lives until the next call.
  virtual Result<bool> Next(std::string_view* record) = 0;
  // Where the last record begins, in bytes of the text.
  int64_t begin() const { return begin_; }

 protected:
  int64_t begin_ = 0;
};

// Lines. They end with `separator`, or where that is empty with \n, \r\n or \r. Of a file cut into parts each has the
// lines that begin behind its first byte and up to its end, as Hadoop's readers do it; the first part has the file's
// first line too.
Result<std::unique_ptr<RecordReader>> OpenLines(const FilePart& part, std::string separator, ReaderMemory* memory);
// The whole file as one record.
Result<std::unique_ptr<RecordReader>> OpenWholeFile(const FilePart& part, ReaderMemory* memory);
// CSV records, whose quoted fields may hold line ends. Empty lines and comments are left out. Line ends are of the kind
// that the first of them is, unless `separator` gives it; those inside of quotes are then read as line feeds.
Result<std::unique_ptr<RecordReader>> OpenCsvRecords(const FilePart& part, const CsvSyntax& syntax,
                                                     std::string separator, ReaderMemory* memory);

}  // namespace sluice
