// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "base/status.h"
#include "env/temporary_file.h"
#include "exec/memory_reservation.h"
#include "exec/operator.h"

namespace sluice {

class Exchange;

// Some rows of an exchange, slice by slice. A value; it lives no longer than its exchange. One thread at a time.
class ExchangeRows {
 public:
  bool empty() const { return pieces_.empty(); }
  // Null after the last slice.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();
  // How much of what Next gave came from the file: who keeps it accounts for it, as the exchange does for the rest.
  int64_t bytes_from_file() const { return bytes_from_file_; }

 private:
  friend class Exchange;
  // Where a piece of a temporary file stands.
  struct FileRange {
    int64_t offset = 0;
    int64_t size = 0;
  };
  using Piece = std::variant<std::shared_ptr<arrow::RecordBatch>, FileRange>;

  Exchange* exchange_ = nullptr;
  std::vector<Piece> pieces_;
  size_t next_ = 0;
  int64_t bytes_from_file_ = 0;
};

// The rows of a query on their way from the tasks that made them to the partitions that take them. Rows of a partition
// come out in the order of the tasks, and of each task in the order in which it gave them: whatever the threads, the
// same. What does not fit into a quarter of the memory budget, or finds none left, waits in a temporary file ($TMPDIR)
// in pieces of 256 KiB at most, about. Any thread.
class Exchange {
 public:
  // `budget` may be null: then all rows stay in memory.
  Exchange(int tasks, int partitions, MemoryBudget* budget);

  // Keeps each row for its partition. One thread a task. An error of the disk names the temporary folder.
  Status Add(int task, const std::shared_ptr<arrow::RecordBatch>& rows, const std::vector<int32_t>& partition_of,
             arrow::MemoryPool* pool);
  // The same for rows that all go to one partition.
  Status AddTo(int partition, int task, const std::shared_ptr<arrow::RecordBatch>& rows, arrow::MemoryPool* pool);
  int partitions() const { return static_cast<int>(partitions_); }
  int tasks() const { return static_cast<int>(tasks_.size()); }
  // Moves all rows to the file, so that who takes them has the memory.
  Status Spill();
  // Gives the rows of a partition away. After all tasks.
  ExchangeRows Take(int partition);
  // The rows that a task gave to a partition, as often as they are asked for. After all tasks.
  ExchangeRows Read(int task, int partition);

 private:
  friend class ExchangeRows;
  using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
  using Pieces = std::vector<ExchangeRows::Piece>;
  struct Task {
    std::mutex mutex;          // of all below: another task may move them to the file
    std::vector<Pieces> rows;  // by partition; those in the file first
  };

  Status Keep(Task* task, size_t partition, BatchPtr rows, arrow::MemoryPool* pool, int64_t* bytes);
  Status Cover(int64_t bytes);
  Status SpillPieces(Pieces* pieces);
  Result<ExchangeRows::FileRange> Write(const arrow::RecordBatch& rows);
  Result<BatchPtr> ReadPiece(const ExchangeRows::FileRange& range) const;

  const size_t partitions_;
  MemoryBudget* const budget_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::mutex memory_mutex_;  // of the next two; held by nobody who waits for another one
  MemoryReservation memory_;
  int64_t bytes_ = 0;
  std::mutex file_mutex_;  // of the next two while rows are added; taken before a task's
  std::unique_ptr<TemporaryFile> file_;
  std::shared_ptr<arrow::Schema> schema_;  // of the rows in the file
};

// The rows of an exchange as an operator.
class ExchangeOperator : public Operator {
 public:
  ExchangeOperator(std::shared_ptr<arrow::Schema> schema, ExchangeRows rows)
      : schema_(std::move(schema)), rows_(std::move(rows)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override { return rows_.Next(); }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  ExchangeRows rows_;
};

}  // namespace sluice
