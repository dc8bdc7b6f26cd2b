// SPDX-License-Identifier: Apache-2.0
#include "exec/exchange.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/logging.h"
#include "exec/retained_batch.h"
#include "exec/select_rows.h"

namespace sluice {
namespace {

constexpr int64_t kMostPieceBytes = 256 * 1024;

// About what is read of the file at a time: a small part of what those who read may have.
int64_t PieceBytes(int64_t budget) {
  return std::clamp<int64_t>(budget / 256, 4096, kMostPieceBytes);
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> ExchangeRows::Next() {
  if (next_ == pieces_.size()) return nullptr;
  Piece piece = std::exchange(pieces_[next_++], {});
  if (auto* rows = std::get_if<std::shared_ptr<arrow::RecordBatch>>(&piece)) return std::move(*rows);
  const auto& range = std::get<FileRange>(piece);
  bytes_from_file_ += range.size;
  return exchange_->ReadPiece(range);
}

Exchange::Exchange(int tasks, int partitions, MemoryBudget* budget)
    : partitions_(static_cast<size_t>(partitions)),
      budget_(budget),
      memory_(budget, "An exchange of rows between tasks") {
  for (int i = 0; i < tasks; ++i) {
    tasks_.push_back(std::make_unique<Task>());
    tasks_.back()->rows.resize(partitions_);
  }
}

Status Exchange::Keep(Task* task, size_t partition, BatchPtr rows, arrow::MemoryPool* pool, int64_t* bytes) {
  // A few rows must not hold the slice that their texts point into.
  SLUICE_ASSIGN(rows, OwnRows(rows, pool));
  *bytes += RetainedBytes(*rows);
  const std::lock_guard lock(task->mutex);
  task->rows[partition].emplace_back(std::move(rows));
  return Status::OK();
}

Status Exchange::Add(int task, const std::shared_ptr<arrow::RecordBatch>& rows,
                     const std::vector<int32_t>& partition_of, arrow::MemoryPool* pool) {
  std::vector<std::vector<int32_t>> chosen(partitions_);
  for (size_t row = 0; row < partition_of.size(); ++row) {
    chosen[static_cast<size_t>(partition_of[row])].push_back(static_cast<int32_t>(row));
  }
  int64_t bytes = 0;
  for (size_t partition = 0; partition < partitions_; ++partition) {
    if (chosen[partition].empty()) continue;
    SLUICE_ASSIGN(auto some, SelectRows(rows, chosen[partition], pool));
    SLUICE_RETURN_IF_ERROR(Keep(tasks_[static_cast<size_t>(task)].get(), partition, std::move(some), pool, &bytes));
  }
  return Cover(bytes);
}

Status Exchange::AddTo(int partition, int task, const std::shared_ptr<arrow::RecordBatch>& rows,
                       arrow::MemoryPool* pool) {
  if (rows->num_rows() == 0) return Status::OK();
  int64_t bytes = 0;
  SLUICE_RETURN_IF_ERROR(
      Keep(tasks_[static_cast<size_t>(task)].get(), static_cast<size_t>(partition), rows, pool, &bytes));
  return Cover(bytes);
}

Status Exchange::Cover(int64_t bytes) {
  {
    const std::lock_guard lock(memory_mutex_);
    bytes_ += bytes;
    if (budget_ == nullptr || (bytes_ <= budget_->limit() / 4 && memory_.Cover(bytes_).ok())) return Status::OK();
  }
  return Spill();
}

Status Exchange::Spill() {
  const std::lock_guard file_lock(file_mutex_);
  if (file_ == nullptr) {
    SLUICE_ASSIGN(file_, TemporaryFile::Make());
    Log(LogLevel::kInfo, "Rows between tasks do not fit into their share of the memory budget and go to {}",
        TemporaryFolder());
  }
  for (const auto& task : tasks_) {
    const std::lock_guard lock(task->mutex);
    for (Pieces& pieces : task->rows) SLUICE_RETURN_IF_ERROR(SpillPieces(&pieces));
  }
  // Rows that another task adds meanwhile are counted anew by that task's next ones.
  const std::lock_guard lock(memory_mutex_);
  bytes_ = 0;
  memory_.Release();
  return Status::OK();
}

// Small slices go into the file together, so that who reads them has larger ones.
Status Exchange::SpillPieces(Pieces* pieces) {
  Pieces moved;
  std::vector<BatchPtr> together;
  int64_t bytes = 0;
  const auto write = [&]() -> Status {
    if (together.empty()) return Status::OK();
    SLUICE_ASSIGN(const auto rows, Concatenated(std::exchange(together, {}), schema_, nullptr));
    SLUICE_ASSIGN(const auto range, Write(*rows));
    moved.emplace_back(range);
    bytes = 0;
    return Status::OK();
  };
  for (ExchangeRows::Piece& piece : *pieces) {
    auto* rows = std::get_if<BatchPtr>(&piece);
    if (rows == nullptr) {
      moved.push_back(piece);
      continue;
    }
    if (schema_ == nullptr) schema_ = (*rows)->schema();
    bytes += RetainedBytes(**rows);
    together.push_back(std::move(*rows));
    if (bytes >= PieceBytes(budget_ == nullptr ? INT64_MAX : budget_->limit())) SLUICE_RETURN_IF_ERROR(write());
  }
  SLUICE_RETURN_IF_ERROR(write());
  *pieces = std::move(moved);
  return Status::OK();
}

Result<ExchangeRows::FileRange> Exchange::Write(const arrow::RecordBatch& rows) {
  SLUICE_ASSIGN(const auto bytes, arrow::ipc::SerializeRecordBatch(rows, arrow::ipc::IpcWriteOptions::Defaults()));
  const ExchangeRows::FileRange range{file_->size(), bytes->size()};
  SLUICE_RETURN_IF_ERROR(
      file_->Append({reinterpret_cast<const char*>(bytes->data()), static_cast<size_t>(bytes->size())}));
  return range;
}

Result<std::shared_ptr<arrow::RecordBatch>> Exchange::ReadPiece(const ExchangeRows::FileRange& range) const {
  SLUICE_ASSIGN(std::unique_ptr<arrow::Buffer> bytes, arrow::AllocateBuffer(range.size));
  SLUICE_RETURN_IF_ERROR(
      file_->Read(range.offset, reinterpret_cast<char*>(bytes->mutable_data()), static_cast<size_t>(range.size)));
  arrow::io::BufferReader reader{std::shared_ptr<arrow::Buffer>(std::move(bytes))};
  const arrow::ipc::DictionaryMemo no_dictionaries;
  return arrow::ipc::ReadRecordBatch(schema_, &no_dictionaries, arrow::ipc::IpcReadOptions::Defaults(), &reader);
}

ExchangeRows Exchange::Take(int partition) {
  ExchangeRows all;
  all.exchange_ = this;
  for (const auto& task : tasks_) {
    Pieces& some = task->rows[static_cast<size_t>(partition)];
    for (ExchangeRows::Piece& piece : some) all.pieces_.push_back(std::move(piece));
    some.clear();
  }
  return all;
}

ExchangeRows Exchange::Read(int task, int partition) {
  ExchangeRows some;
  some.exchange_ = this;
  some.pieces_ = tasks_[static_cast<size_t>(task)]->rows[static_cast<size_t>(partition)];
  return some;
}

}  // namespace sluice
