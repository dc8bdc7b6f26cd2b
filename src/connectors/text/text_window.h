// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "connectors/file/table_files.h"
#include "connectors/file/table_memory.h"

namespace sluice {

// A moving window over the text of a file, which is decompressed as its name says. It grows while a record needs it;
// its bytes come from the reader's memory. One thread at a time.
class TextWindow {
 public:
  // From byte `begin` on, which is 0 for compressed files. `memory` outlives this.
  static Result<std::unique_ptr<TextWindow>> Open(const TableFile& file, int64_t begin, ReaderMemory* memory);

  // What is there and was not consumed. Lives until the next call of More.
  std::string_view data() const {
    return std::string_view(reinterpret_cast<const char*>(buffer_->data()) + begin_, end_ - begin_);
  }
  // The place of the first byte of data() in the text.
  int64_t position() const { return position_; }
  void Consume(size_t bytes) {
    begin_ += bytes;
    position_ += static_cast<int64_t>(bytes);
  }
  // Reads on; false at the end of the file.
  Result<bool> More();

 private:
  TextWindow(std::string path, std::shared_ptr<arrow::io::InputStream> input,
             std::unique_ptr<arrow::ResizableBuffer> buffer, int64_t position, ReaderMemory* memory);
  Status ReadError(const Status& status) const;

  const std::string path_;
  const std::shared_ptr<arrow::io::InputStream> input_;
  const std::unique_ptr<arrow::ResizableBuffer> buffer_;
  ReaderMemory* const memory_;
  size_t begin_ = 0;
  size_t end_ = 0;
  int64_t position_ = 0;
};

}  // namespace sluice
