// SPDX-License-Identifier: Apache-2.0
#include "exec/sort.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "exec/retained_batch.h"
#include "exec/select_rows.h"

namespace sluice {
namespace {

constexpr size_t kSliceRows = 8192;
constexpr int64_t kTrimRows = 1024;  // a top-k sort gathers this many rows beyond 2 k between two trims

}  // namespace

SortOperator::SortOperator(std::unique_ptr<Operator> input, std::vector<SortKey> keys, std::optional<int64_t> limit,
                           EvalContext context, MemoryBudget* budget, std::shared_ptr<TopBound> bound)
    : input_(std::move(input)),
      keys_(std::move(keys)),
      limit_(limit),
      context_(std::move(context)),
      memory_(budget, "A sort"),
      bound_(std::move(bound)) {
  if (bound_ == nullptr) bound_ = std::make_shared<TopBound>(keys_.at(0).ascending, keys_.at(0).nulls_first);
  arrow::FieldVector fields = input_->schema()->fields();
  for (const SortKey& key : keys_) {
    if (const auto* column = dynamic_cast<const ColumnExpr*>(key.expr.get())) {
      key_columns_.push_back(column->index());
    } else {
      key_columns_.push_back(static_cast<int>(fields.size()));
      fields.push_back(arrow::field("", key.expr->type()));
    }
  }
  kept_schema_ = arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> SortOperator::WithKeys(
    const std::shared_ptr<arrow::RecordBatch>& slice) const {
  if (kept_schema_->num_fields() == slice->num_columns()) return slice;
  arrow::ArrayVector columns = slice->columns();
  Evaluation evaluation(*slice, context_);
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (key_columns_[i] < slice->num_columns()) continue;
    auto column = evaluation.Eval(keys_[i].expr);
    if (!column.ok()) return AtPlaceOf(*input_, column.status());
    columns.push_back(std::move(*column));
  }
  return arrow::RecordBatch::Make(kept_schema_, slice->num_rows(), std::move(columns));
}

Result<RowOrder> SortOperator::OrderOf(const arrow::RecordBatch& rows) const {
  arrow::ArrayVector columns;
  for (const int column : key_columns_) columns.push_back(rows.column(column));
  return RowOrder::Make(columns, keys_);
}

Result<std::shared_ptr<arrow::RecordBatch>> SortOperator::FirstOf(std::shared_ptr<arrow::RecordBatch> rows) {
  const int key = key_columns_.at(0);
  if (const auto within = bound_->RowsWithin(*rows->column(key)); within) {
    if (within->empty()) return nullptr;
    SLUICE_ASSIGN(rows, SelectRows(rows, *within, context_.pool));
  }
  if (rows->num_rows() < *limit_) return rows;
  // The first rows of all are among the first of each slice, and are not after any of these.
  SLUICE_ASSIGN(const RowOrder order, OrderOf(*rows));
  const std::vector<int32_t> first = order.Sorted(limit_);
  SLUICE_RETURN_IF_ERROR(bound_->TightenTo(*rows->column(key), first.back()));
  return SelectRows(rows, first, context_.pool);
}

Status SortOperator::Keep(std::shared_ptr<arrow::RecordBatch> rows) {
  if (limit_) {
    SLUICE_ASSIGN(rows, FirstOf(std::move(rows)));
    if (rows == nullptr) return Status::OK();
  }
  SLUICE_ASSIGN(rows, OwnRows(rows, context_.pool));
  kept_rows_ += rows->num_rows();
  // 16 bytes a row more while the order is found.
  kept_bytes_ += RetainedBytes(*rows) + rows->num_rows() * 16;
  SLUICE_RETURN_IF_ERROR(memory_.Cover(kept_bytes_));
  kept_.push_back(std::move(rows));
  if (limit_ && kept_rows_ - kTrimRows > *limit_ && kept_rows_ - kTrimRows - *limit_ > *limit_) return Trim();
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> SortOperator::Combine() {
  return Concatenated(std::exchange(kept_, {}), kept_schema_, context_.pool);
}

Status SortOperator::Trim() {
  SLUICE_ASSIGN(auto rows, Combine());
  SLUICE_ASSIGN(const RowOrder order, OrderOf(*rows));
  const std::vector<int32_t> first = order.Sorted(limit_);
  SLUICE_RETURN_IF_ERROR(bound_->TightenTo(*rows->column(key_columns_.at(0)), first.back()));
  SLUICE_ASSIGN(rows, SelectRows(rows, first, context_.pool));
  SLUICE_ASSIGN(rows, OwnRows(rows, context_.pool));
  kept_rows_ = rows->num_rows();
  kept_bytes_ = RetainedBytes(*rows) + kept_rows_ * 16;
  kept_ = {std::move(rows)};
  return Status::OK();
}

Status SortOperator::ReadAll() {
  for (;;) {
    SLUICE_ASSIGN(auto slice, input_->Next());
    if (slice == nullptr) break;
    SLUICE_ASSIGN(slice, WithKeys(slice));
    SLUICE_RETURN_IF_ERROR(Keep(std::move(slice)));
  }
  if (kept_.empty()) return Status::OK();
  SLUICE_ASSIGN(rows_, Combine());
  SLUICE_ASSIGN(const RowOrder order, OrderOf(*rows_));
  sorted_ = order.Sorted(limit_);
  // The computed keys have done their work.
  arrow::ArrayVector columns = rows_->columns();
  columns.resize(static_cast<size_t>(schema()->num_fields()));
  rows_ = arrow::RecordBatch::Make(schema(), rows_->num_rows(), std::move(columns));
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> SortOperator::Next() {
  if (limit_ && *limit_ <= 0) return nullptr;
  if (!read_) {
    SLUICE_RETURN_IF_ERROR(ReadAll());
    read_ = true;
  }
  if (given_ == sorted_.size()) {
    rows_ = nullptr;
    memory_.Release();
    return nullptr;
  }
  const size_t end = std::min(given_ + kSliceRows, sorted_.size());
  const std::vector<int32_t> rows(sorted_.begin() + static_cast<std::ptrdiff_t>(given_),
                                  sorted_.begin() + static_cast<std::ptrdiff_t>(end));
  given_ = end;
  return SelectRows(rows_, rows, context_.pool);
}

}  // namespace sluice
