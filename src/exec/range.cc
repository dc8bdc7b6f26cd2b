// SPDX-License-Identifier: Apache-2.0
#include "exec/range.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr uint64_t kSliceRows = 8192;

}  // namespace

uint64_t RangeOperator::CountRows(int64_t start, int64_t end, int64_t step) {
  if (step == 0 || (step > 0 && start >= end) || (step < 0 && start <= end)) return 0;
  const uint64_t from = static_cast<uint64_t>(step > 0 ? start : end);
  const uint64_t to = static_cast<uint64_t>(step > 0 ? end : start);
  const uint64_t stride = step > 0 ? static_cast<uint64_t>(step) : uint64_t{0} - static_cast<uint64_t>(step);
  return (to - from - 1) / stride + 1;
}

RangeOperator::RangeOperator(std::shared_ptr<arrow::Schema> schema, int64_t start, int64_t end, int64_t step)
    : RangeOperator(std::move(schema), start, step, 0, CountRows(start, end, step)) {}

RangeOperator::RangeOperator(std::shared_ptr<arrow::Schema> schema, int64_t start, int64_t step, uint64_t begin,
                             uint64_t rows)
    : schema_(std::move(schema)),
      next_(static_cast<uint64_t>(start) + begin * static_cast<uint64_t>(step)),
      left_(rows),
      step_(step) {}

Result<std::shared_ptr<arrow::RecordBatch>> RangeOperator::Next() {
  if (step_ == 0) return InternalError("a range with step 0");
  if (left_ == 0) return nullptr;
  if (cancelled_) return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
  const uint64_t rows = std::min(left_, kSliceRows);
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer(static_cast<int64_t>(rows * sizeof(int64_t))));
  auto* values = reinterpret_cast<uint64_t*>(buffer->mutable_data());
  for (uint64_t i = 0; i < rows; ++i, next_ += static_cast<uint64_t>(step_)) values[i] = next_;
  left_ -= rows;
  auto column = std::make_shared<arrow::Int64Array>(static_cast<int64_t>(rows), std::move(buffer));
  return arrow::RecordBatch::Make(schema_, static_cast<int64_t>(rows), {std::move(column)});
}

}  // namespace sluice
