// SPDX-License-Identifier: Apache-2.0
#include "cli/waiting_rows.h"

#include <algorithm>
#include <cstring>

namespace sluice::cli {
namespace {

constexpr size_t kInMemory = 1024 * 1024;

void AppendNumber(uint64_t number, std::string* out) {
  out->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// Reads one after the other what Add wrote, from the file and then from memory.
class RowReader {
 public:
  RowReader(const TemporaryFile* file, const std::string& kept) : file_(file), kept_(kept) {}

  bool AtEnd() const { return at_ == FileSize() + static_cast<int64_t>(kept_.size()); }

  Status Read(char* out, size_t count) {
    while (count > 0) {
      SLUICE_ASSIGN(const size_t taken, ReadSome(out, count));
      out += taken;
      count -= taken;
    }
    return Status::OK();
  }

  Result<uint64_t> ReadNumber() {
    uint64_t number = 0;
    SLUICE_RETURN_IF_ERROR(Read(reinterpret_cast<char*>(&number), sizeof(number)));
    return number;
  }

 private:
  int64_t FileSize() const { return file_ == nullptr ? 0 : file_->size(); }

  Result<size_t> ReadSome(char* out, size_t count) {
    if (at_ >= FileSize()) {
      std::memcpy(out, kept_.data() + (at_ - FileSize()), count);
      at_ += static_cast<int64_t>(count);
      return count;
    }
    if (at_ >= chunk_begin_ + static_cast<int64_t>(chunk_.size())) {
      chunk_begin_ = at_;
      chunk_.resize(static_cast<size_t>(std::min<int64_t>(kInMemory, FileSize() - at_)));
      SLUICE_RETURN_IF_ERROR(file_->Read(chunk_begin_, chunk_.data(), chunk_.size()));
    }
    const auto offset = static_cast<size_t>(at_ - chunk_begin_);
    const size_t taken = std::min(count, chunk_.size() - offset);
    std::memcpy(out, chunk_.data() + offset, taken);
    at_ += static_cast<int64_t>(taken);
    return taken;
  }

  const TemporaryFile* const file_;
  const std::string& kept_;
  std::string chunk_;
  int64_t chunk_begin_ = 0;
  int64_t at_ = 0;
};

}  // namespace

Status WaitingRows::Add(const std::vector<std::string>& cells) {
  AppendNumber(cells.size(), &kept_);
  for (const std::string& cell : cells) {
    AppendNumber(cell.size(), &kept_);
    kept_ += cell;
  }
  return kept_.size() < kInMemory ? Status::OK() : Spill();
}

Status WaitingRows::Spill() {
  if (file_ == nullptr) {
    SLUICE_ASSIGN(file_, TemporaryFile::Make());
  }
  SLUICE_RETURN_IF_ERROR(file_->Append(kept_));
  kept_.clear();
  return Status::OK();
}

Status WaitingRows::ForEach(const std::function<bool(const std::vector<std::string>& cells)>& take) const {
  RowReader reader(file_.get(), kept_);
  std::vector<std::string> cells;
  while (!reader.AtEnd()) {
    SLUICE_ASSIGN(const uint64_t count, reader.ReadNumber());
    cells.resize(count);
    for (std::string& cell : cells) {
      SLUICE_ASSIGN(const uint64_t size, reader.ReadNumber());
      cell.resize(size);
      SLUICE_RETURN_IF_ERROR(reader.Read(cell.data(), size));
    }
    if (!take(cells)) break;
  }
  return Status::OK();
}

}  // namespace sluice::cli
