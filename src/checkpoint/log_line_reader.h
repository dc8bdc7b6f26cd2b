// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "checkpoint/hadoop_crc.h"
#include "checkpoint/log_folder.h"

namespace sluice {

// The lines of a log file of any size, read piece by piece. Hadoop's side file, if there is one, must agree with the
// content; that is known when the last line was read. One thread at a time.
class LogLineReader {
 public:
  static Result<std::unique_ptr<LogLineReader>> Open(const LogFolder& folder, const std::string& name);
  // The next line without its end, good until the next call; nothing after the last one.
  Result<std::optional<std::string_view>> Next();
  int64_t size() const { return size_; }
  // Bytes that the lines so far took.
  int64_t position() const { return read_ - static_cast<int64_t>(buffer_.size() - begin_); }
  const std::string& path() const { return path_; }

 private:
  LogLineReader() = default;
  // Reads on; keeps what was not given out yet.
  Status Fill();

  std::string path_;
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::optional<HadoopCrcCheck> crc_;
  int64_t size_ = 0;
  int64_t read_ = 0;
  std::string buffer_;
  size_t begin_ = 0;  // of the next line in the buffer
};

}  // namespace sluice
