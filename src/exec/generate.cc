// SPDX-License-Identifier: Apache-2.0
#include "exec/generate.h"

#include <arrow/api.h>

#include <utility>

#include "base/spark_error.h"
#include "exec/retained_batch.h"
#include "exec/select_rows.h"
#include "expr/column_io.h"
#include "expr/gather.h"

namespace sluice {
namespace {

constexpr size_t kSliceRows = 8192;

// The entries of an array or map column as one column a field.
Result<arrow::ArrayVector> EntriesOf(const arrow::Array& column, bool of_structs, arrow::MemoryPool* pool) {
  arrow::ArrayVector values;
  if (column.type_id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapArray&>(column);
    return arrow::ArrayVector{map.keys(), map.items()};
  }
  const std::shared_ptr<arrow::Array>& elements = static_cast<const arrow::ListArray&>(column).values();
  if (!of_structs) return arrow::ArrayVector{elements};
  const auto& structs = static_cast<const arrow::StructArray&>(*elements);
  for (int i = 0; i < structs.num_fields(); ++i) {
    SLUICE_ASSIGN(auto field, structs.GetFlattenedField(i, pool));
    values.push_back(std::move(field));
  }
  return values;
}

// Columns of one type, one behind the other.
Result<std::shared_ptr<arrow::Array>> Chained(const arrow::ArrayVector& columns, arrow::MemoryPool* pool) {
  SLUICE_ASSIGN(auto chained, arrow::Concatenate(columns, pool));
  return chained;
}

}  // namespace

GenerateOperator::GenerateOperator(std::unique_ptr<Operator> input, const PlanNode& node, EvalContext context,
                                   BadRowSink* bad_rows)
    : input_(std::move(input)),
      spec_(node.Get<plan::Generate>().generator),
      arguments_(node.Get<plan::Generate>().arguments),
      schema_(node.schema),
      context_(std::move(context)),
      keeps_together_(bad_rows != nullptr),
      isolation_(bad_rows, context_.pool) {}

// Evaluates the arguments over the next slice, and finds each row's elements.
Status GenerateOperator::ReadValues() {
  SLUICE_ASSIGN(slice_, input_->Next());
  if (slice_ == nullptr) return Status::OK();
  arrow::ArrayVector columns;
  SLUICE_RETURN_IF_ERROR(isolation_.Run(*input_, &slice_, [&](const arrow::RecordBatch& rows) -> Status {
    SLUICE_ASSIGN(columns, Evaluation(rows, context_).EvalAll(arguments_));
    return Status::OK();
  }));
  row_ = 0;
  done_ = 0;
  const auto rows = static_cast<size_t>(slice_->num_rows());
  begins_.assign(rows, 0);
  counts_.assign(rows, 0);
  values_.clear();
  if (rows == 0) return Status::OK();
  arrow::MemoryPool* pool = PoolOf(context_);
  if (spec_.kind != GeneratorKind::kStack) {
    const int32_t* offsets = columns[0]->data()->GetValues<int32_t>(1);
    for (size_t i = 0; i < rows; ++i) {
      if (columns[0]->IsNull(static_cast<int64_t>(i))) continue;
      begins_[i] = offsets[i];
      counts_[i] = offsets[i + 1] - offsets[i];
    }
    SLUICE_ASSIGN(values_, EntriesOf(*columns[0], spec_.kind == GeneratorKind::kInline, pool));
    return Status::OK();
  }
  const auto height = static_cast<size_t>(spec_.stack_rows);
  const size_t width = arguments_.size() / height;
  for (size_t i = 0; i < rows; ++i) {
    begins_[i] = static_cast<int64_t>(i);
    counts_[i] = static_cast<int64_t>(height);
  }
  for (size_t column = 0; column < width; ++column) {
    arrow::ArrayVector parts;
    for (size_t i = 0; i < height; ++i) parts.push_back(columns[i * width + column]);
    SLUICE_ASSIGN(auto chained, Chained(parts, pool));
    values_.push_back(std::move(chained));
  }
  return Status::OK();
}

bool GenerateOperator::IsFull(const Picked& picked) const {
  if (picked.rows.size() < kSliceRows) return false;
  if (!keeps_together_) return true;
  const auto origin = [&](auto row) { return input_->OriginOf(isolation_.InputRow(static_cast<int64_t>(row))); };
  if (static_cast<size_t>(picked.rows.back()) == row_) return false;
  const std::optional<int64_t> next = origin(row_);
  return !next || next != origin(picked.rows.back());
}

GenerateOperator::Picked GenerateOperator::PickRows() {
  Picked picked;
  // The values of a stack stand behind each other, a whole column of the slice at a time.
  const int64_t step = spec_.kind == GeneratorKind::kStack ? slice_->num_rows() : 1;
  for (; row_ < counts_.size(); ++row_, done_ = 0) {
    const int64_t count = counts_[row_];
    if (count == 0 && spec_.outer) {
      if (IsFull(picked)) return picked;
      picked.rows.push_back(static_cast<int32_t>(row_));
      picked.elements.push_back(-1);
      picked.positions.push_back(-1);
    }
    for (; done_ < count; ++done_) {
      if (IsFull(picked)) return picked;
      picked.rows.push_back(static_cast<int32_t>(row_));
      picked.elements.push_back(begins_[row_] + done_ * step);
      picked.positions.push_back(static_cast<int32_t>(done_));
    }
  }
  return picked;
}

Result<std::shared_ptr<arrow::RecordBatch>> GenerateOperator::Made(const Picked& picked) const {
  arrow::MemoryPool* pool = PoolOf(context_);
  arrow::ArrayVector columns;
  for (const int kept : spec_.kept) {
    SLUICE_ASSIGN(auto column, SelectValues(slice_->column(kept), picked.rows, pool));
    columns.push_back(std::move(column));
  }
  if (spec_.kind == GeneratorKind::kPosExplode) {
    arrow::Int32Builder positions(pool);
    SLUICE_RETURN_IF_ERROR(positions.Reserve(static_cast<int64_t>(picked.positions.size())));
    for (const int32_t position : picked.positions) {
      position < 0 ? positions.UnsafeAppendNull() : positions.UnsafeAppend(position);
    }
    SLUICE_ASSIGN(auto column, positions.Finish());
    columns.push_back(std::move(column));
  }
  for (const auto& values : values_) {
    SLUICE_ASSIGN(auto column, TakeRows(values, picked.elements, pool));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, static_cast<int64_t>(picked.rows.size()), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> GenerateOperator::Next() {
  for (;;) {
    if (slice_ == nullptr) {
      SLUICE_RETURN_IF_ERROR(ReadValues());
      if (slice_ == nullptr) return slice_;
    }
    SLUICE_RETURN_IF_ERROR(context_.CheckCancelled());
    Picked picked = PickRows();
    if (picked.rows.empty()) {
      slice_ = nullptr;
      continue;
    }
    SLUICE_ASSIGN(auto made, Made(picked));
    given_ = std::move(picked.rows);
    return made;
  }
}

int64_t GenerateOperator::InputRow(int64_t row) const {
  if (row < 0 || row >= static_cast<int64_t>(given_.size())) return -1;
  return isolation_.InputRow(given_[static_cast<size_t>(row)]);
}

std::string GenerateOperator::PlaceOf(int64_t row) const {
  const int64_t below = InputRow(row);
  return below < 0 ? std::string() : input_->PlaceOf(below);
}

}  // namespace sluice
