// SPDX-License-Identifier: Apache-2.0
#include "expr/gather.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/spark_error.h"
#include "expr/column_io.h"
#include "expr/result_pool.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Indices = std::vector<int64_t>;

Result<std::shared_ptr<arrow::Buffer>> TakeValidity(const arrow::Array& column, const Indices& indices,
                                                    arrow::MemoryPool* pool) {
  ValidityWriter validity(static_cast<int64_t>(indices.size()), pool);
  const bool nulls = column.null_count() > 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || (nulls && column.IsNull(indices[i]))) {
      SLUICE_RETURN_IF_ERROR(validity.SetNull(static_cast<int64_t>(i)));
    }
  }
  return validity.buffer();
}

template <typename T>
Result<std::shared_ptr<arrow::Buffer>> TakeFixed(const arrow::Array& column, const Indices& indices,
                                                 arrow::MemoryPool* pool) {
  SLUICE_ASSIGN(auto buffer, arrow::AllocateBuffer(static_cast<int64_t>(indices.size() * sizeof(T)), pool));
  auto* out = reinterpret_cast<T*>(buffer->mutable_data());
  const T* values = column.data()->GetValues<T>(1);
  for (size_t i = 0; i < indices.size(); ++i) out[i] = indices[i] < 0 ? T{} : values[indices[i]];
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

Result<std::shared_ptr<arrow::Buffer>> TakeBits(const arrow::Array& column, const Indices& indices,
                                                arrow::MemoryPool* pool) {
  SLUICE_ASSIGN(auto buffer, arrow::AllocateEmptyBitmap(static_cast<int64_t>(indices.size()), pool));
  const ColumnReader<bool> values(column);
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= 0 && values[indices[i]]) arrow::bit_util::SetBit(buffer->mutable_data(), static_cast<int64_t>(i));
  }
  return buffer;
}

// Lists and maps: new offsets over the taken entries.
Result<ArrayPtr> TakeLists(const arrow::Array& column, const Indices& indices, arrow::MemoryPool* pool) {
  const int32_t* offsets = column.data()->GetValues<int32_t>(1);
  SLUICE_ASSIGN(auto buffer, arrow::AllocateBuffer(static_cast<int64_t>((indices.size() + 1) * sizeof(int32_t)), pool));
  auto* out = reinterpret_cast<int32_t*>(buffer->mutable_data());
  Indices entries;
  int64_t elements = 0;
  for (const int64_t index : indices) {
    if (index >= 0 && column.IsValid(index)) elements += offsets[index + 1] - offsets[index];
  }
  SLUICE_RETURN_IF_ERROR(CheckElements(pool, elements));
  entries.reserve(static_cast<size_t>(elements));
  out[0] = 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= 0 && column.IsValid(indices[i])) {
      for (int32_t e = offsets[indices[i]]; e < offsets[indices[i] + 1]; ++e) entries.push_back(e);
    }
    out[i + 1] = static_cast<int32_t>(entries.size());
  }
  SLUICE_ASSIGN(auto validity, TakeValidity(column, indices, pool));
  SLUICE_ASSIGN(auto values, TakeRows(arrow::MakeArray(column.data()->child_data[0]), entries, pool));
  auto data =
      arrow::ArrayData::Make(column.type(), static_cast<int64_t>(indices.size()), {validity, std::move(buffer)});
  data->child_data = {values->data()};
  return arrow::MakeArray(std::move(data));
}

Result<ArrayPtr> TakeStructs(const arrow::Array& column, const Indices& indices, arrow::MemoryPool* pool) {
  const auto& values = static_cast<const arrow::StructArray&>(column);
  SLUICE_ASSIGN(auto validity, TakeValidity(column, indices, pool));
  auto data = arrow::ArrayData::Make(column.type(), static_cast<int64_t>(indices.size()), {validity});
  for (int i = 0; i < values.num_fields(); ++i) {
    SLUICE_ASSIGN(auto child, TakeRows(values.field(i), indices, pool));
    data->child_data.push_back(child->data());
  }
  return arrow::MakeArray(std::move(data));
}

Result<std::shared_ptr<arrow::Buffer>> TakeValues(const arrow::Array& column, const Indices& indices,
                                                  arrow::MemoryPool* pool) {
  if (column.type_id() == arrow::Type::BOOL) return TakeBits(column, indices, pool);
  if (arrow::is_binary_view_like(column.type_id())) return TakeFixed<BinaryView>(column, indices, pool);
  switch (column.type()->byte_width()) {
    case 1:
      return TakeFixed<uint8_t>(column, indices, pool);
    case 2:
      return TakeFixed<uint16_t>(column, indices, pool);
    case 4:
      return TakeFixed<uint32_t>(column, indices, pool);
    case 8:
      return TakeFixed<uint64_t>(column, indices, pool);
    case 16:
      return TakeFixed<std::array<uint64_t, 2>>(column, indices, pool);
    default:
      return InternalError(fmt::format("cannot take rows of {}", column.type()->ToString()));
  }
}

}  // namespace

Result<ArrayPtr> TakeRows(const ArrayPtr& column, const Indices& indices, arrow::MemoryPool* pool) {
  const auto rows = static_cast<int64_t>(indices.size());
  switch (column->type_id()) {
    case arrow::Type::NA:
      return std::make_shared<arrow::NullArray>(rows);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return TakeLists(*column, indices, pool);
    case arrow::Type::STRUCT:
      return TakeStructs(*column, indices, pool);
    default:
      break;
  }
  SLUICE_ASSIGN(auto validity, TakeValidity(*column, indices, pool));
  SLUICE_ASSIGN(auto values, TakeValues(*column, indices, pool));
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {std::move(validity), std::move(values)};
  if (arrow::is_binary_view_like(column->type_id())) {
    const auto& own = column->data()->buffers;
    buffers.insert(buffers.end(), own.begin() + 2, own.end());
  }
  return arrow::MakeArray(arrow::ArrayData::Make(column->type(), rows, std::move(buffers)));
}

Result<std::shared_ptr<arrow::RecordBatch>> TakeBatchRows(const arrow::RecordBatch& batch, const Indices& indices,
                                                          arrow::MemoryPool* pool) {
  arrow::ArrayVector columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    SLUICE_ASSIGN(auto column, TakeRows(batch.column(i), indices, pool));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(batch.schema(), static_cast<int64_t>(indices.size()), std::move(columns));
}

}  // namespace sluice
