// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "exec/memory_reservation.h"
#include "exec/operator.h"
#include "exec/row_order.h"
#include "exec/top_bound.h"
#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// All rows in order, or only the first `limit` of them; then no more than a few times `limit` rows are kept. Rows that
// are equal by the keys stay in the order they came. SLUICE_MEMORY_BUDGET when the rows kept do not fit.
class SortOperator : public Operator {
 public:
  // `bound`, which the parts of a sort with a limit may share, is of the first key; null: one of its own.
  SortOperator(std::unique_ptr<Operator> input, std::vector<SortKey> keys, std::optional<int64_t> limit,
               EvalContext context, MemoryBudget* budget, std::shared_ptr<TopBound> bound = nullptr);
  const std::shared_ptr<arrow::Schema>& schema() const override { return input_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override { input_->Cancel(); }

 private:
  // The slice with the keys that are not simply columns as further columns.
  Result<std::shared_ptr<arrow::RecordBatch>> WithKeys(const std::shared_ptr<arrow::RecordBatch>& slice) const;
  Result<RowOrder> OrderOf(const arrow::RecordBatch& rows) const;
  Status Keep(std::shared_ptr<arrow::RecordBatch> rows);
  // Of a slice, what may be among the first rows; null: nothing.
  Result<std::shared_ptr<arrow::RecordBatch>> FirstOf(std::shared_ptr<arrow::RecordBatch> rows);
  // Puts what is kept into one batch.
  Result<std::shared_ptr<arrow::RecordBatch>> Combine();
  // Keeps only the first `limit_` rows.
  Status Trim();
  Status ReadAll();

  std::unique_ptr<Operator> input_;
  const std::vector<SortKey> keys_;
  const std::optional<int64_t> limit_;
  const EvalContext context_;
  MemoryReservation memory_;

  std::shared_ptr<arrow::Schema> kept_schema_;  // the input's and the computed keys
  std::vector<int> key_columns_;                // in kept_schema_, one a key
  std::vector<std::shared_ptr<arrow::RecordBatch>> kept_;
  int64_t kept_rows_ = 0;
  int64_t kept_bytes_ = 0;
  std::shared_ptr<TopBound> bound_;

  bool read_ = false;
  std::shared_ptr<arrow::RecordBatch> rows_;
  std::vector<int32_t> sorted_;
  size_t given_ = 0;
};

}  // namespace sluice
