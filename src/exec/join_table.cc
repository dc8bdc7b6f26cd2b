// SPDX-License-Identifier: Apache-2.0
#include "exec/join_table.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "base/spark_error.h"
#include "exec/retained_batch.h"

namespace sluice {
namespace {

constexpr int64_t kSliceRows = 8192;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

}  // namespace

Result<arrow::ArrayVector> JoinKeys::Of(const arrow::RecordBatch& rows, const EvalContext& context,
                                        std::vector<bool>* usable) const {
  Evaluation evaluation(rows, context);
  usable->assign(static_cast<size_t>(rows.num_rows()), true);
  arrow::ArrayVector columns;
  for (size_t k = 0; k < exprs.size(); ++k) {
    SLUICE_ASSIGN(auto column, evaluation.Eval(exprs[k]));
    if (!null_safe[k] && column->null_count() > 0) {
      for (int64_t i = 0; i < column->length(); ++i) {
        if (column->IsNull(i)) (*usable)[static_cast<size_t>(i)] = false;
      }
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<std::shared_ptr<const JoinTable>> JoinTable::Read(Operator* input, const JoinKeys& keys,
                                                         const EvalContext& context, MemoryBudget* budget) {
  std::shared_ptr<JoinTable> table(new JoinTable(budget));
  SLUICE_RETURN_IF_ERROR(table->ReadRows(input, context));
  SLUICE_RETURN_IF_ERROR(table->Index(keys, context));
  return std::shared_ptr<const JoinTable>(std::move(table));
}

Status JoinTable::ReadRows(Operator* input, const EvalContext& context) {
  std::vector<BatchPtr> slices;
  int64_t rows = 0;
  for (;;) {
    SLUICE_RETURN_IF_ERROR(context.CheckCancelled());
    SLUICE_ASSIGN(BatchPtr slice, input->Next());
    if (slice == nullptr) break;
    rows += slice->num_rows();
    if (rows > INT32_MAX) return NotSupported("A join with more than 2^31 rows on the side that is kept.");
    SLUICE_ASSIGN(slice, OwnRows(slice, context.pool));
    // Besides the rows: a number in a chain.
    row_bytes_ += RetainedBytes(*slice) + slice->num_rows() * static_cast<int64_t>(sizeof(int32_t));
    SLUICE_RETURN_IF_ERROR(memory_.Cover(row_bytes_));
    slices.push_back(std::move(slice));
  }
  arrow::MemoryPool* pool = context.pool != nullptr ? context.pool : arrow::default_memory_pool();
  SLUICE_ASSIGN(rows_, Concatenated(std::move(slices), input->schema(), pool));
  return Status::OK();
}

// From the last row to the first, so that a chain begins with the first one.
Status JoinTable::Index(const JoinKeys& keys, const EvalContext& context) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const ExprPtr& key : keys.exprs) types.push_back(key->type());
  SLUICE_ASSIGN(table_, GroupTable::Make(std::move(types)));
  next_.assign(static_cast<size_t>(rows_->num_rows()), kNone);
  std::vector<uint32_t> ids;
  std::vector<bool> usable;
  for (int64_t end = rows_->num_rows(); end > 0;) {
    const int64_t begin = std::max<int64_t>(end - kSliceRows, 0);
    const BatchPtr rows = rows_->Slice(begin, end - begin);
    SLUICE_ASSIGN(const auto values, keys.Of(*rows, context, &usable));
    const int64_t first_bytes = (table_->groups() + rows->num_rows()) * static_cast<int64_t>(sizeof(int32_t));
    SLUICE_RETURN_IF_ERROR(memory_.Cover(row_bytes_ + table_->BytesWhileAdding(rows->num_rows()) + first_bytes));
    SLUICE_RETURN_IF_ERROR(table_->Map(values, rows->num_rows(), &ids));
    first_.resize(static_cast<size_t>(table_->groups()), kNone);
    for (int64_t i = rows->num_rows() - 1; i >= 0; --i) {
      if (!usable[static_cast<size_t>(i)]) {
        has_unusable_ = true;
        continue;
      }
      int32_t& first = first_[ids[static_cast<size_t>(i)]];
      next_[static_cast<size_t>(begin + i)] = std::exchange(first, static_cast<int32_t>(begin + i));
    }
    end = begin;
  }
  first_.resize(static_cast<size_t>(table_->groups()), kNone);
  return Status::OK();
}

Status JoinTable::Find(const arrow::ArrayVector& keys, const std::vector<bool>& usable,
                       std::vector<int32_t>* first) const {
  std::vector<uint32_t> ids;
  SLUICE_RETURN_IF_ERROR(table_->Find(keys, static_cast<int64_t>(usable.size()), &ids));
  first->assign(usable.size(), kNone);
  for (size_t i = 0; i < usable.size(); ++i) {
    if (usable[i] && ids[i] != KeyTable::kOutside) (*first)[i] = first_[ids[i]];
  }
  return Status::OK();
}

}  // namespace sluice
