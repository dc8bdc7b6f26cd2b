// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/log_line_reader.h"

#include <arrow/io/interfaces.h>

#include <algorithm>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr int64_t kPiece = 1 << 20;
constexpr size_t kLongestLine = 4 << 20;  // a path has 4,096 bytes at most, and an S3 key 1,024

}  // namespace

Result<std::unique_ptr<LogLineReader>> LogLineReader::Open(const LogFolder& folder, const std::string& name) {
  std::unique_ptr<LogLineReader> reader(new LogLineReader);
  reader->path_ = folder.PathOf(name);
  auto file = folder.location().fs->OpenForRead(reader->path_);
  if (HasErrorClass(file.status(), "SLUICE_FILE_KIND")) {
    return DamagedFile(reader->path_, FindSparkError(file.status())->message);
  }
  SLUICE_ASSIGN(reader->file_, std::move(file));
  SLUICE_ASSIGN(reader->size_, reader->file_->GetSize());
  SLUICE_ASSIGN(std::optional<std::string> crc, folder.ReadChecksumFile(name));
  if (crc) {
    SLUICE_ASSIGN(reader->crc_, HadoopCrcCheck::Begin(*std::move(crc), reader->path_));
  }
  return reader;
}

Status LogLineReader::Fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t kept = buffer_.size();
  if (kept > kLongestLine) return DamagedFile(path_, "a line has no end");
  const int64_t wanted = std::min(kPiece, size_ - read_);
  buffer_.resize(kept + static_cast<size_t>(wanted));
  SLUICE_ASSIGN(const int64_t count, file_->ReadAt(read_, wanted, buffer_.data() + kept));
  if (count != wanted) return EnvironmentError("SLUICE_FILE_CHANGED", path_ + " was changed while it was read");
  read_ += count;
  if (!crc_) return Status::OK();
  SLUICE_RETURN_IF_ERROR(crc_->Add(std::string_view(buffer_).substr(kept)));
  return read_ == size_ ? crc_->Finish() : Status::OK();
}

Result<std::optional<std::string_view>> LogLineReader::Next() {
  size_t searched = begin_;
  while (true) {
    const size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos || read_ == size_) {
      if (begin_ == buffer_.size()) return std::optional<std::string_view>();
      const std::string_view line = std::string_view(buffer_).substr(begin_, std::min(end, buffer_.size()) - begin_);
      begin_ = std::min(end, buffer_.size() - 1) + 1;
      return std::optional(line);
    }
    searched = buffer_.size() - begin_;
    SLUICE_RETURN_IF_ERROR(Fill());
  }
}

}  // namespace sluice
