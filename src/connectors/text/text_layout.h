// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/file/file_format.h"
#include "connectors/options.h"
#include "connectors/text/text_codec.h"
#include "expr/text_options.h"

namespace sluice {

// The options as the readers and writers of records take them; names that only files know are left to their formats.
TextOptions TextOptionsOf(const Options& options);
// Refuses every encoding but UTF-8.
Status CheckEncoding(const Options& options);
// The option lineSep; empty when it is not given.
Result<std::string> LineSeparatorOf(const Options& options);

// Writes the rows of one slice as text. One thread at a time.
class TextRows {
 public:
  virtual ~TextRows() = default;
  // What stands before all rows of a file.
  virtual void Begin(std::string* out) {}
  // The rows that follow are of this slice.
  virtual Status Open(const arrow::RecordBatch& slice) = 0;
  virtual Status Append(int64_t row, std::string* out) = 0;
};

// Files of text, compressed whole.
class TextEncoding : public FileEncoding {
 public:
  using MakeRows = std::function<Result<std::unique_ptr<TextRows>>()>;
  // `ending`: ".csv". `make_rows` is called once a file, by tasks in parallel.
  TextEncoding(std::vector<int> columns, const std::string& ending, const TextCodec& codec, MakeRows make_rows)
      : FileEncoding(std::move(columns), ending + codec.extension), codec_(codec), make_rows_(std::move(make_rows)) {}
  std::unique_ptr<FileEncoder> Open(std::unique_ptr<PendingFile> file) const override;

 private:
  const TextCodec codec_;
  const MakeRows make_rows_;
};

// The codec that the option compression names; none without it.
Result<TextCodec> CodecOf(const Options& options);
// UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE.
Status UnsupportedType(const char* title, const arrow::Field& column);

}  // namespace sluice
