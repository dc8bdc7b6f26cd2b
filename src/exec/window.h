// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "exec/memory_reservation.h"
#include "exec/operator.h"
#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// Puts the window functions' columns behind each row. The rows come sorted by partition, and by ORDER BY inside of it;
// some partitions at a time are kept, at least one. SLUICE_MEMORY_BUDGET when that does not fit.
class WindowOperator : public Operator {
 public:
  // `node` is a Window.
  WindowOperator(std::unique_ptr<Operator> input, const PlanNode& node, EvalContext context, MemoryBudget* budget);
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override { input_->Cancel(); }

  // How the rows must be sorted; empty: they need not be.
  static std::vector<SortKey> OrderOf(const plan::Window& window);

 private:
  using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

  // The slice with the keys as further columns.
  Result<BatchPtr> WithKeys(const BatchPtr& slice) const;
  // The first row of the last partition that begins in the slice; 0 when the one before goes on through it.
  Result<int64_t> LastBegin(const arrow::RecordBatch& slice) const;
  // Reads on to the next end of a partition; null at the end.
  Result<BatchPtr> ReadPartitions();
  Status Hold(BatchPtr slice);
  Result<BatchPtr> Computed(const BatchPtr& rows) const;

  const std::unique_ptr<Operator> input_;
  const std::vector<ExprPtr> partition_;
  const std::vector<SortKey> order_;
  const std::vector<ExprPtr> keys_;  // of both
  const std::vector<WindowCall> windows_;
  const std::shared_ptr<arrow::Schema> schema_;
  const EvalContext context_;
  MemoryReservation memory_;
  std::shared_ptr<arrow::Schema> held_schema_;  // the input's columns, partition keys, ORDER BY keys

  std::vector<BatchPtr> held_;  // rows of a partition that may go on
  int64_t held_bytes_ = 0;
  bool ended_ = false;
  BatchPtr result_;
  int64_t given_ = 0;
};

}  // namespace sluice
