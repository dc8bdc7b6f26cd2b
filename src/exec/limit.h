// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "exec/operator.h"

namespace sluice {

// Skips `offset` rows, then passes `limit` rows on (all, when there is none) and cancels its input.
class LimitOperator : public Operator {
 public:
  LimitOperator(std::unique_ptr<Operator> input, std::optional<int64_t> limit, int64_t offset)
      : input_(std::move(input)), limit_(limit), to_skip_(offset) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return input_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override { return input_->PlaceOf(row + skipped_in_slice_); }
  void Cancel() override { input_->Cancel(); }

 private:
  std::unique_ptr<Operator> input_;
  std::optional<int64_t> limit_;  // rows still to give
  int64_t to_skip_;
  int64_t skipped_in_slice_ = 0;
};

}  // namespace sluice
