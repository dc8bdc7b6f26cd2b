// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "exec/memory_reservation.h"
#include "exec/operator.h"
#include "expr/expr.h"

namespace sluice {

// The last rows of its input, in their order. Keeps few more than these; SLUICE_MEMORY_BUDGET when they do not fit.
class TailOperator : public Operator {
 public:
  TailOperator(std::unique_ptr<Operator> input, int64_t rows, EvalContext context, MemoryBudget* budget);
  const std::shared_ptr<arrow::Schema>& schema() const override { return input_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override { input_->Cancel(); }

 private:
  Status ReadAll();

  const std::unique_ptr<Operator> input_;
  const int64_t rows_;
  const EvalContext context_;
  MemoryReservation memory_;
  std::deque<std::shared_ptr<arrow::RecordBatch>> kept_;
  int64_t kept_rows_ = 0;
  bool read_ = false;
};

}  // namespace sluice
