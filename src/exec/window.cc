// SPDX-License-Identifier: Apache-2.0
#include "exec/window.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "exec/retained_batch.h"
#include "exec/window_rows.h"

namespace sluice {
namespace {

constexpr int64_t kSliceRows = 8192;
// Of each row while its partition is computed: bounds of partition, peers and frame, its place, a value.
constexpr int64_t kBytesOfARow = 64;

arrow::ArrayVector Columns(const arrow::RecordBatch& rows, size_t begin, size_t count) {
  const arrow::ArrayVector& all = rows.columns();
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

WindowOperator::WindowOperator(std::unique_ptr<Operator> input, const PlanNode& node, EvalContext context,
                               MemoryBudget* budget)
    : input_(std::move(input)),
      partition_(node.Get<plan::Window>().partition),
      order_(node.Get<plan::Window>().order),
      keys_(ExprsOf(OrderOf(node.Get<plan::Window>()))),
      windows_(node.Get<plan::Window>().calls),
      schema_(node.schema),
      context_(std::move(context)),
      memory_(budget, "A partition of a window") {
  arrow::FieldVector fields = input_->schema()->fields();
  for (const ExprPtr& key : keys_) fields.push_back(arrow::field("", key->type()));
  held_schema_ = arrow::schema(std::move(fields));
}

std::vector<SortKey> WindowOperator::OrderOf(const plan::Window& window) {
  std::vector<SortKey> keys;
  for (const ExprPtr& key : window.partition) keys.push_back({key, true, true});
  keys.insert(keys.end(), window.order.begin(), window.order.end());
  return keys;
}

Result<WindowOperator::BatchPtr> WindowOperator::WithKeys(const BatchPtr& slice) const {
  SLUICE_ASSIGN(const auto keys, Evaluation(*slice, context_).EvalAll(keys_));
  arrow::ArrayVector columns = slice->columns();
  columns.insert(columns.end(), keys.begin(), keys.end());
  return arrow::RecordBatch::Make(held_schema_, slice->num_rows(), std::move(columns));
}

Result<int64_t> WindowOperator::LastBegin(const arrow::RecordBatch& slice) const {
  const auto width = static_cast<size_t>(input_->schema()->num_fields());
  std::vector<KeyOrder> keys;
  for (size_t i = 0; i < partition_.size(); ++i) {
    auto column = slice.column(static_cast<int>(width + i));
    if (!held_.empty()) {
      // In front of the slice's rows the one that came before them.
      const auto& last = held_.back()->column(static_cast<int>(width + i));
      SLUICE_ASSIGN(column, arrow::Concatenate({last->Slice(last->length() - 1), column}));
    }
    SLUICE_ASSIGN(KeyOrder key, KeyOrder::Make(column, true, true));
    keys.push_back(std::move(key));
  }
  const int64_t shift = held_.empty() ? 0 : 1;
  for (int64_t row = slice.num_rows() - 1; row + shift > 0; --row) {
    const int64_t at = row + shift;
    if (std::any_of(keys.begin(), keys.end(), [&](const KeyOrder& key) { return key.Compare(at - 1, at) != 0; })) {
      return row;
    }
  }
  return held_.empty() ? 0 : -1;
}

Status WindowOperator::Hold(BatchPtr slice) {
  SLUICE_ASSIGN(slice, OwnRows(slice, context_.pool));
  held_bytes_ += RetainedBytes(*slice) + slice->num_rows() * kBytesOfARow;
  SLUICE_RETURN_IF_ERROR(memory_.Cover(held_bytes_));
  held_.push_back(std::move(slice));
  return Status::OK();
}

Result<WindowOperator::BatchPtr> WindowOperator::ReadPartitions() {
  while (!ended_) {
    SLUICE_ASSIGN(BatchPtr slice, input_->Next());
    if (slice == nullptr) {
      ended_ = true;
      break;
    }
    SLUICE_ASSIGN(slice, WithKeys(slice));
    SLUICE_ASSIGN(const int64_t begin, LastBegin(*slice));
    const bool complete = begin > 0 || (begin == 0 && !held_.empty());
    if (!complete) {
      SLUICE_RETURN_IF_ERROR(Hold(std::move(slice)));
      continue;
    }
    if (begin > 0) SLUICE_RETURN_IF_ERROR(Hold(slice->Slice(0, begin)));
    SLUICE_ASSIGN(BatchPtr whole, Concatenated(std::exchange(held_, {}), held_schema_, context_.pool));
    held_bytes_ = 0;
    SLUICE_RETURN_IF_ERROR(Hold(slice->Slice(begin)));
    return whole;
  }
  if (held_.empty()) return nullptr;
  return Concatenated(std::exchange(held_, {}), held_schema_, context_.pool);
}

Result<WindowOperator::BatchPtr> WindowOperator::Computed(const BatchPtr& rows) const {
  const auto width = static_cast<size_t>(input_->schema()->num_fields());
  const BatchPtr input = arrow::RecordBatch::Make(input_->schema(), rows->num_rows(), Columns(*rows, 0, width));
  SLUICE_ASSIGN(const WindowRows window,
                MakeWindowRows(input, Columns(*rows, width, partition_.size()),
                               Columns(*rows, width + partition_.size(), order_.size()), order_));
  arrow::ArrayVector columns = input->columns();
  for (const WindowCall& call : windows_) {
    SLUICE_ASSIGN(auto column, EvalWindowCall(call, window, context_));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, rows->num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> WindowOperator::Next() {
  if (result_ == nullptr || given_ == result_->num_rows()) {
    result_ = nullptr;
    SLUICE_ASSIGN(const BatchPtr rows, ReadPartitions());
    if (rows == nullptr) {
      memory_.Release();
      return nullptr;
    }
    SLUICE_ASSIGN(result_, Computed(rows));
    given_ = 0;
  }
  const int64_t begin = std::exchange(given_, std::min(given_ + kSliceRows, result_->num_rows()));
  return result_->Slice(begin, given_ - begin);
}

}  // namespace sluice
