// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/exchange.h"

#include <fmt/format.h>

#include <utility>

#include "base/spark_error.h"
#include "exec/retained_batch.h"
#include "exec/select_rows.h"

namespace sluice {

Exchange::Exchange(int tasks, int partitions, MemoryBudget* budget)
    : partitions_(partitions),
      budget_(budget),
      rows_(static_cast<size_t>(tasks), std::vector<Rows>(static_cast<size_t>(partitions))),
      memory_(budget, "An exchange of rows between tasks") {}

Status Exchange::Add(int task, const std::shared_ptr<arrow::RecordBatch>& rows,
                     const std::vector<int32_t>& partition_of, arrow::MemoryPool* pool) {
  std::vector<std::vector<int32_t>> chosen(static_cast<size_t>(partitions_));
  for (size_t row = 0; row < partition_of.size(); ++row) {
    chosen[static_cast<size_t>(partition_of[row])].push_back(static_cast<int32_t>(row));
  }
  int64_t bytes = 0;
  for (size_t partition = 0; partition < chosen.size(); ++partition) {
    if (chosen[partition].empty()) continue;
    SLUICE_ASSIGN(auto some, SelectRows(rows, chosen[partition], pool));
    // A few rows must not hold the slice that their texts point into.
    SLUICE_ASSIGN(some, OwnRows(some, pool));
    bytes += RetainedBytes(*some);
    rows_[static_cast<size_t>(task)][partition].push_back(std::move(some));
  }
  std::lock_guard lock(mutex_);
  bytes_ += bytes;
  if (budget_ != nullptr && bytes_ > budget_->limit() / 4) {
    return EnvironmentError("SLUICE_MEMORY_BUDGET",
                            fmt::format("The rows that a batch brings to its state take {} bytes, and a quarter of the "
                                        "memory budget is {}. Raise spark.sluice.memory (or --memory), or make batches "
                                        "smaller (maxOffsetsPerTrigger, maxFilesPerTrigger).",
                                        bytes_, budget_->limit() / 4));
  }
  return memory_.Cover(bytes_);
}

std::vector<std::shared_ptr<arrow::RecordBatch>> Exchange::Take(int partition) {
  Rows all;
  for (auto& of_task : rows_) {
    Rows& some = of_task[static_cast<size_t>(partition)];
    for (auto& rows : some) all.push_back(std::move(rows));
    some.clear();
  }
  return all;
}

}  // namespace sluice
