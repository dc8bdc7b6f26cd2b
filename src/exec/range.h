// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "exec/operator.h"

namespace sluice {

// One BIGINT column: start, start + step, ... up to, without, end. Step is not 0 and may be negative.
class RangeOperator : public Operator {
 public:
  RangeOperator(std::shared_ptr<arrow::Schema> schema, int64_t start, int64_t end, int64_t step);
  // `rows` of them, from the one with the number `begin` on.
  RangeOperator(std::shared_ptr<arrow::Schema> schema, int64_t start, int64_t step, uint64_t begin, uint64_t rows);
  // How many rows there are.
  static uint64_t CountRows(int64_t start, int64_t end, int64_t step);
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override { cancelled_ = true; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  uint64_t next_;  // wraps like two's complement, so that the distance of any two ends fits
  uint64_t left_;  // rows not yet given
  const int64_t step_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace sluice
