// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connectors/file/file_format.h"
#include "connectors/text/record_reader.h"

namespace sluice {

// Turns records of text into rows of some of the files' columns. One thread at a time.
class RecordParser {
 public:
  virtual ~RecordParser() = default;
  // Appends what a record stands for: no row, one or several. Fails under FAILFAST for one that is malformed.
  virtual Status Add(std::string_view record) = 0;
  // Rows since the last Take.
  virtual int64_t rows() const = 0;
  // Their columns, in the order asked for.
  virtual Result<arrow::ArrayVector> Take() = 0;
};

// How a format reads the text of a part.
struct TextRead {
  std::shared_ptr<const FilePart> part;
  std::shared_ptr<const TableRead> table;
  ReadRequest request;
  // Which of TableRead::of_files are asked for, in the order of the request.
  std::vector<int> columns;
};
using OpenRecords = std::function<Result<std::unique_ptr<RecordReader>>(const TextRead& read, ReaderMemory* memory)>;
using OpenParser = std::function<Result<std::unique_ptr<RecordParser>>(const TextRead& read)>;

// A reader of a part of a file of text: its records, parsed, with the columns that folders stand for.
Result<std::unique_ptr<SliceReader>> OpenTextSlices(std::shared_ptr<const FilePart> part,
                                                    std::shared_ptr<const TableRead> table, ReadRequest request,
                                                    const OpenRecords& open_records, const OpenParser& open_parser);

}  // namespace sluice
