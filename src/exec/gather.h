// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory_budget.h"
#include "base/thread_pool.h"
#include "exec/operator.h"
#include "exec/part_opener.h"

namespace sluice {

// Runs parts on threads of its own and gives their rows in the order of the parts, so that the order of a result does
// not depend on the threads. Threads work ahead of the reader while a bounded number of bytes waits to be read; the
// part that is being read may always go on. An error of a part comes in its place, after the rows before it.
class GatherOperator : public Operator {
 public:
  // `budget` may be null; what waits is taken from it when it is free, and else not worked ahead.
  GatherOperator(std::shared_ptr<arrow::Schema> schema, int parts, PartOpener open, int threads, MemoryBudget* budget);
  // Cancels what still runs and waits for it.
  ~GatherOperator() override;
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override;

 private:
  class Parts;
  const std::shared_ptr<arrow::Schema> schema_;
  const int threads_;
  std::unique_ptr<Parts> parts_;
  std::unique_ptr<ThreadPool> pool_;  // begun by the first Next; ends before parts_
};

}  // namespace sluice
