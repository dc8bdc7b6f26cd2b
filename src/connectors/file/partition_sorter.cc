// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/partition_sorter.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "connectors/file/row_codec.h"

namespace sluice {
namespace {

constexpr int64_t kLeastBlockBytes = 1 << 10;
constexpr int64_t kMostBlockBytes = 64 << 10;
constexpr size_t kPieceBytes = 256 << 10;  // written and read at once
constexpr int64_t kGroupCost = 160;        // of a folder in memory, besides twice its name
constexpr int64_t kRowCost = 2 * sizeof(char*);

struct GroupHeader {
  uint32_t folder_bytes = 0;
  uint32_t unused = 0;
  uint64_t rows_bytes = 0;
};

uint32_t LengthAt(const char* row) {
  uint32_t length = 0;
  std::memcpy(&length, row, sizeof(length));
  return length;
}

// Gathers small writes.
class PieceWriter {
 public:
  explicit PieceWriter(TemporaryFile* file) : file_(file) {}
  Status Append(const void* data, size_t size) {
    if (piece_.size() + size > kPieceBytes) SLUICE_RETURN_IF_ERROR(Flush());
    if (size >= kPieceBytes) return file_->Append({static_cast<const char*>(data), size});
    piece_.append(static_cast<const char*>(data), size);
    return Status::OK();
  }
  Status Flush() {
    const Status status = file_->Append(piece_);
    piece_.clear();
    return status;
  }

 private:
  TemporaryFile* const file_;
  std::string piece_;
};

}  // namespace

PartitionSorter::PartitionSorter(int64_t memory_bytes)
    : memory_bytes_(memory_bytes),
      block_bytes_(static_cast<size_t>(std::clamp(memory_bytes / 16, kLeastBlockBytes, kMostBlockBytes))) {}

PartitionSorter::~PartitionSorter() = default;

// Room for `bytes` that stays where it is until the next Spill.
char* PartitionSorter::Place(size_t bytes) {
  if (bytes > block_bytes_) {
    large_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    kept_bytes_ += static_cast<int64_t>(bytes);
    return large_.back().get();
  }
  if (blocks_begun_ == 0 || block_used_ + bytes > block_bytes_) {
    if (blocks_begun_ == blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes_));
    ++blocks_begun_;
    kept_bytes_ += static_cast<int64_t>(block_bytes_);
    block_used_ = 0;
  }
  char* const place = blocks_[blocks_begun_ - 1].get() + block_used_;
  block_used_ += bytes;
  return place;
}

Status PartitionSorter::Add(const std::string& folder, const RowEncoder& encoder, const std::vector<int32_t>& rows) {
  Group* group = nullptr;
  for (const int32_t row : rows) {
    row_.resize(sizeof(uint32_t));
    encoder.Append(row, &row_);
    const auto length = static_cast<uint32_t>(row_.size() - sizeof(uint32_t));
    std::memcpy(row_.data(), &length, sizeof(length));
    if (group == nullptr) {
      const auto [found, is_new] = groups_.try_emplace(folder);
      group = &found->second;
      if (is_new) kept_bytes_ += kGroupCost + 2 * static_cast<int64_t>(folder.size());
    }
    char* const place = Place(row_.size());
    std::memcpy(place, row_.data(), row_.size());
    group->rows.push_back(place);
    group->bytes += static_cast<int64_t>(row_.size());
    kept_bytes_ += kRowCost;
    if (row_.size() > block_bytes_) std::string().swap(row_);
    if (kept_bytes_ < memory_bytes_) continue;
    SLUICE_RETURN_IF_ERROR(Spill());
    group = nullptr;
  }
  return Status::OK();
}

Status PartitionSorter::Spill() {
  if (file_ == nullptr) {
    SLUICE_ASSIGN(file_, TemporaryFile::Make());
  }
  Run run;
  run.next = file_->size();
  PieceWriter out(file_.get());
  for (const auto& [folder, group] : groups_) {
    GroupHeader header;
    header.folder_bytes = static_cast<uint32_t>(folder.size());
    header.rows_bytes = static_cast<uint64_t>(group.bytes);
    SLUICE_RETURN_IF_ERROR(out.Append(&header, sizeof(header)));
    SLUICE_RETURN_IF_ERROR(out.Append(folder.data(), folder.size()));
    for (const char* row : group.rows) SLUICE_RETURN_IF_ERROR(out.Append(row, sizeof(uint32_t) + LengthAt(row)));
  }
  SLUICE_RETURN_IF_ERROR(out.Flush());
  run.end = file_->size();
  runs_.push_back(std::move(run));
  groups_.clear();
  large_.clear();
  blocks_begun_ = 0;
  kept_bytes_ = 0;
  return Status::OK();
}

Status PartitionSorter::Sort() {
  if (file_ == nullptr) return Status::OK();
  if (!groups_.empty()) SLUICE_RETURN_IF_ERROR(Spill());
  blocks_.clear();
  for (size_t run = 0; run < runs_.size(); ++run) SLUICE_RETURN_IF_ERROR(NextGroup(run));
  return Status::OK();
}

// Steps a run to its next group, if there is one, and puts it among the heads.
Status PartitionSorter::NextGroup(size_t run) {
  Run& at = runs_[run];
  if (at.next == at.end) return Status::OK();
  GroupHeader header;
  SLUICE_RETURN_IF_ERROR(file_->Read(at.next, reinterpret_cast<char*>(&header), sizeof(header)));
  at.folder.resize(header.folder_bytes);
  const auto folder_at = at.next + static_cast<int64_t>(sizeof(header));
  SLUICE_RETURN_IF_ERROR(file_->Read(folder_at, at.folder.data(), at.folder.size()));
  at.rows_begin = folder_at + header.folder_bytes;
  at.rows_end = at.rows_begin + static_cast<int64_t>(header.rows_bytes);
  at.next = at.rows_end;
  heads_.emplace_back(at.folder, run);
  std::push_heap(heads_.begin(), heads_.end(), std::greater<>());
  return Status::OK();
}

Result<std::optional<std::string>> PartitionSorter::NextFolderInRuns() {
  ranges_.clear();
  window_.clear();
  window_used_ = 0;
  if (heads_.empty()) return std::optional<std::string>();
  std::string folder(heads_.front().first);
  while (!heads_.empty() && heads_.front().first == folder) {
    const size_t run = heads_.front().second;
    std::pop_heap(heads_.begin(), heads_.end(), std::greater<>());
    heads_.pop_back();
    ranges_.emplace_back(runs_[run].rows_begin, runs_[run].rows_end);
    SLUICE_RETURN_IF_ERROR(NextGroup(run));
  }
  std::reverse(ranges_.begin(), ranges_.end());
  return std::optional<std::string>(std::move(folder));
}

Result<std::optional<std::string>> PartitionSorter::NextFolder() {
  row_bytes_.reset();
  if (file_ != nullptr) return NextFolderInRuns();
  group_ = Group();
  next_in_group_ = 0;
  if (groups_.empty()) return std::optional<std::string>();
  const auto first = groups_.begin();
  std::string folder = first->first;
  group_ = std::move(first->second);
  groups_.erase(first);
  return std::optional<std::string>(std::move(folder));
}

// The next bytes of the last range.
Status PartitionSorter::ReadBytes(char* out, size_t count) {
  Range& range = ranges_.back();
  while (count > 0) {
    if (window_used_ == window_.size()) {
      window_.clear();
      window_used_ = 0;
      if (count >= kPieceBytes) {
        SLUICE_RETURN_IF_ERROR(file_->Read(range.first, out, count));
        range.first += static_cast<int64_t>(count);
        return Status::OK();
      }
      window_.resize(std::min(kPieceBytes, static_cast<size_t>(range.second - range.first)));
      SLUICE_RETURN_IF_ERROR(file_->Read(range.first, window_.data(), window_.size()));
      range.first += static_cast<int64_t>(window_.size());
    }
    const size_t part = std::min(count, window_.size() - window_used_);
    std::memcpy(out, window_.data() + window_used_, part);
    window_used_ += part;
    out += part;
    count -= part;
  }
  return Status::OK();
}

Result<std::optional<uint32_t>> PartitionSorter::NextRowBytes() {
  if (row_bytes_) return row_bytes_;
  if (file_ == nullptr) {
    if (next_in_group_ == group_.rows.size()) return row_bytes_;
    row_bytes_ = LengthAt(group_.rows[next_in_group_]);
    return row_bytes_;
  }
  while (!ranges_.empty() && ranges_.back().first == ranges_.back().second && window_used_ == window_.size()) {
    ranges_.pop_back();
  }
  if (ranges_.empty()) return row_bytes_;
  uint32_t length = 0;
  SLUICE_RETURN_IF_ERROR(ReadBytes(reinterpret_cast<char*>(&length), sizeof(length)));
  row_bytes_ = length;
  return row_bytes_;
}

Result<PartitionSorter::Rows> PartitionSorter::NextRows() {
  Rows slice;
  std::string bytes;
  for (;;) {
    SLUICE_ASSIGN(const std::optional<uint32_t> length, NextRowBytes());
    if (!length || slice.rows == kSliceRows || (slice.rows > 0 && bytes.size() + *length > kSliceBytes)) break;
    const size_t before = bytes.size();
    bytes.resize(before + *length);
    if (file_ == nullptr) {
      std::memcpy(bytes.data() + before, group_.rows[next_in_group_++] + sizeof(uint32_t), *length);
    } else {
      SLUICE_RETURN_IF_ERROR(ReadBytes(bytes.data() + before, *length));
    }
    row_bytes_.reset();
    ++slice.rows;
  }
  slice.bytes = arrow::Buffer::FromString(std::move(bytes));
  return slice;
}

}  // namespace sluice
