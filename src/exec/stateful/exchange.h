// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "exec/memory_reservation.h"

namespace sluice {

// The rows of one batch on their way from the tasks that made them to the state partitions that take them. Rows of a
// partition come out in the order of the tasks, and of each task in the order in which it gave them: whatever the
// threads, the same. Any thread.
class Exchange {
 public:
  // `budget` may be null.
  Exchange(int tasks, int partitions, MemoryBudget* budget);

  // Keeps each row for its partition. SLUICE_MEMORY_BUDGET when the rows take more than a quarter of the budget: tasks
  // that wait for memory find the rest. One thread a task.
  Status Add(int task, const std::shared_ptr<arrow::RecordBatch>& rows, const std::vector<int32_t>& partition_of,
             arrow::MemoryPool* pool);
  int partitions() const { return partitions_; }
  // The rows of a partition, which are given away. After all tasks.
  std::vector<std::shared_ptr<arrow::RecordBatch>> Take(int partition);

 private:
  using Rows = std::vector<std::shared_ptr<arrow::RecordBatch>>;

  const int partitions_;
  MemoryBudget* const budget_;
  std::vector<std::vector<Rows>> rows_;  // by task and partition
  std::mutex mutex_;                     // of memory_
  MemoryReservation memory_;
  int64_t bytes_ = 0;
};

}  // namespace sluice
