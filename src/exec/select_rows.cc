// SPDX-License-Identifier: Apache-2.0
#include "exec/select_rows.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/util/bit_run_reader.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <array>
#include <cstring>
#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

using arrow::ArrayData;
using arrow::ArrayVector;
using Rows = std::vector<int32_t>;
using DataPtr = std::shared_ptr<ArrayData>;

Result<DataPtr> Select(const ArrayData& data, const Rows& rows, arrow::MemoryPool* pool);

// The validity bits of the selected rows; a null buffer when all are valid.
Result<std::shared_ptr<arrow::Buffer>> SelectValidity(const ArrayData& data, const Rows& rows, arrow::MemoryPool* pool,
                                                      int64_t* null_count) {
  *null_count = 0;
  if (!data.MayHaveNulls() || data.buffers[0] == nullptr) return std::shared_ptr<arrow::Buffer>();
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> bits,
                arrow::AllocateEmptyBitmap(static_cast<int64_t>(rows.size()), pool));
  const uint8_t* from = data.buffers[0]->data();
  uint8_t* to = bits->mutable_data();
  int64_t valid = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool set = arrow::bit_util::GetBit(from, data.offset + rows[i]);
    to[i >> 3] |= static_cast<uint8_t>(static_cast<unsigned>(set) << (i & 7));
    valid += set;
  }
  *null_count = static_cast<int64_t>(rows.size()) - valid;
  if (*null_count == 0) return std::shared_ptr<arrow::Buffer>();
  return bits;
}

template <typename Value>
void CopyValues(const uint8_t* from, const Rows& rows, uint8_t* to) {
  const Value* values = reinterpret_cast<const Value*>(from);
  Value* target = reinterpret_cast<Value*>(to);
  for (size_t i = 0; i < rows.size(); ++i) target[i] = values[rows[i]];
}

struct Bytes16 {
  uint64_t low, high;
};

Result<std::shared_ptr<arrow::Buffer>> SelectFixed(const ArrayData& data, int width, const Rows& rows,
                                                   arrow::MemoryPool* pool) {
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> values,
                arrow::AllocateBuffer(static_cast<int64_t>(rows.size()) * width, pool));
  if (rows.empty()) return values;
  const uint8_t* from = data.buffers[1]->data() + data.offset * width;
  uint8_t* to = values->mutable_data();
  switch (width) {
    case 1:
      CopyValues<uint8_t>(from, rows, to);
      break;
    case 2:
      CopyValues<uint16_t>(from, rows, to);
      break;
    case 4:
      CopyValues<uint32_t>(from, rows, to);
      break;
    case 8:
      CopyValues<uint64_t>(from, rows, to);
      break;
    case 16:
      CopyValues<Bytes16>(from, rows, to);
      break;
    default:
      for (size_t i = 0; i < rows.size(); ++i) {
        std::memcpy(to + i * static_cast<size_t>(width), from + static_cast<int64_t>(rows[i]) * width,
                    static_cast<size_t>(width));
      }
  }
  return values;
}

Result<std::shared_ptr<arrow::Buffer>> SelectBits(const ArrayData& data, const Rows& rows, arrow::MemoryPool* pool) {
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> bits,
                arrow::AllocateEmptyBitmap(static_cast<int64_t>(rows.size()), pool));
  const uint8_t* from = data.buffers[1]->data();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (arrow::bit_util::GetBit(from, data.offset + rows[i])) {
      arrow::bit_util::SetBit(bits->mutable_data(), static_cast<int64_t>(i));
    }
  }
  return bits;
}

// Drops the payload buffers that no view points to any more: a few rows must not keep every slice they came from.
void DropUnusedPayloads(ArrayData* data) {
  constexpr size_t kFewBuffers = 4;
  const size_t payloads = data->buffers.size() - 2;
  if (payloads <= kFewBuffers) return;
  auto* views = reinterpret_cast<arrow::BinaryViewType::c_type*>(data->buffers[1]->mutable_data());
  const uint8_t* validity = data->buffers[0] ? data->buffers[0]->data() : nullptr;
  std::vector<int32_t> renumbered(payloads, -1);
  std::vector<std::shared_ptr<arrow::Buffer>> kept(data->buffers.begin(), data->buffers.begin() + 2);
  for (int64_t i = 0; i < data->length; ++i) {
    if (validity != nullptr && !arrow::bit_util::GetBit(validity, i)) {
      views[i] = {};
      continue;
    }
    if (views[i].is_inline()) continue;
    int32_t& number = renumbered[static_cast<size_t>(views[i].ref.buffer_index)];
    if (number < 0) {
      number = static_cast<int32_t>(kept.size() - 2);
      kept.push_back(data->buffers[static_cast<size_t>(views[i].ref.buffer_index) + 2]);
    }
    views[i].ref.buffer_index = number;
  }
  data->buffers = std::move(kept);
}

// Lists and maps: new offsets, and the rows of the child that they cover.
Result<DataPtr> SelectLists(const ArrayData& data, const Rows& rows, arrow::MemoryPool* pool) {
  int64_t null_count = 0;
  SLUICE_ASSIGN(auto validity, SelectValidity(data, rows, pool, &null_count));
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> offsets,
                arrow::AllocateBuffer(static_cast<int64_t>((rows.size() + 1) * sizeof(int32_t)), pool));
  auto* to = reinterpret_cast<int32_t*>(offsets->mutable_data());
  const int32_t* from = rows.empty() ? nullptr : data.GetValues<int32_t>(1);
  const uint8_t* bits = validity ? validity->data() : nullptr;
  Rows children;
  to[0] = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (bits == nullptr || arrow::bit_util::GetBit(bits, static_cast<int64_t>(i))) {
      for (int32_t c = from[rows[i]]; c < from[rows[i] + 1]; ++c) children.push_back(c);
      if (children.size() > INT32_MAX) return arrow::Status::CapacityError("more than 2^31 list elements in one slice");
    }
    to[i + 1] = static_cast<int32_t>(children.size());
  }
  SLUICE_ASSIGN(auto child, Select(*data.child_data[0], children, pool));
  return ArrayData::Make(data.type, static_cast<int64_t>(rows.size()), {validity, offsets}, {child}, null_count);
}

Result<DataPtr> SelectStructs(const ArrayData& data, const Rows& rows, arrow::MemoryPool* pool) {
  int64_t null_count = 0;
  SLUICE_ASSIGN(auto validity, SelectValidity(data, rows, pool, &null_count));
  std::vector<DataPtr> children;
  for (const auto& child : data.child_data) {
    SLUICE_ASSIGN(auto selected, Select(*child->Slice(data.offset, data.length), rows, pool));
    children.push_back(std::move(selected));
  }
  return ArrayData::Make(data.type, static_cast<int64_t>(rows.size()), {validity}, std::move(children), null_count);
}

Result<DataPtr> SelectViews(const ArrayData& data, const Rows& rows, arrow::MemoryPool* pool) {
  int64_t null_count = 0;
  SLUICE_ASSIGN(auto validity, SelectValidity(data, rows, pool, &null_count));
  SLUICE_ASSIGN(auto views, SelectFixed(data, sizeof(Bytes16), rows, pool));
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {validity, views};
  buffers.insert(buffers.end(), data.buffers.begin() + 2, data.buffers.end());
  auto result = ArrayData::Make(data.type, static_cast<int64_t>(rows.size()), std::move(buffers), null_count);
  DropUnusedPayloads(result.get());
  return result;
}

// Types that the engine itself does not make (plain strings and the like).
Result<DataPtr> SelectByArrow(const ArrayData& data, const Rows& rows) {
  const arrow::Int32Array indices(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
  SLUICE_ASSIGN(auto taken, arrow::compute::Take(arrow::Datum(data.Copy()), arrow::Datum(indices.data()),
                                                 arrow::compute::TakeOptions::NoBoundsCheck()));
  return taken.array();
}

Result<DataPtr> Select(const ArrayData& data, const Rows& rows, arrow::MemoryPool* pool) {
  const auto count = static_cast<int64_t>(rows.size());
  switch (data.type->id()) {
    case arrow::Type::NA:
      return ArrayData::Make(data.type, count, {nullptr}, count);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return SelectViews(data, rows, pool);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return SelectLists(data, rows, pool);
    case arrow::Type::STRUCT:
      return SelectStructs(data, rows, pool);
    default:
      break;
  }
  if (!arrow::is_fixed_width(data.type->id()) || data.type->id() == arrow::Type::DICTIONARY) {
    return SelectByArrow(data, rows);
  }
  int64_t null_count = 0;
  SLUICE_ASSIGN(auto validity, SelectValidity(data, rows, pool, &null_count));
  std::shared_ptr<arrow::Buffer> values;
  if (data.type->id() == arrow::Type::BOOL) {
    SLUICE_ASSIGN(values, SelectBits(data, rows, pool));
  } else {
    const int width = static_cast<const arrow::FixedWidthType&>(*data.type).bit_width() / 8;
    SLUICE_ASSIGN(values, SelectFixed(data, width, rows, pool));
  }
  return ArrayData::Make(data.type, count, {validity, values}, null_count);
}

arrow::MemoryPool* PoolOr(arrow::MemoryPool* pool) {
  return pool != nullptr ? pool : arrow::default_memory_pool();
}

bool IsRange(const Rows& rows) {
  return !rows.empty() && static_cast<size_t>(rows.back()) - static_cast<size_t>(rows.front()) + 1 == rows.size() &&
         [&] {
           for (size_t i = 1; i < rows.size(); ++i) {
             if (rows[i] != rows[i - 1] + 1) return false;
           }
           return true;
         }();
}

}  // namespace

Result<std::vector<int32_t>> RowsThatAreTrue(const arrow::Array& condition) {
  Rows rows;
  if (condition.type_id() == arrow::Type::NA) return rows;
  if (condition.type_id() != arrow::Type::BOOL) {
    return InternalError("a condition is not boolean but " + condition.type()->ToString());
  }
  const ArrayData& data = *condition.data();
  const auto add = [&](int64_t begin, int64_t length) {
    for (int64_t row = begin; row < begin + length; ++row) rows.push_back(static_cast<int32_t>(row));
  };
  if (data.length == 0) return rows;
  rows.reserve(static_cast<size_t>(data.length));
  std::shared_ptr<arrow::Buffer> valid;  // and true
  const uint8_t* bits = data.buffers[1]->data();
  int64_t offset = data.offset;
  if (condition.null_count() > 0) {
    SLUICE_ASSIGN(valid, arrow::internal::BitmapAnd(arrow::default_memory_pool(), data.buffers[0]->data(), offset, bits,
                                                    offset, data.length, 0));
    bits = valid->data();
    offset = 0;
  }
  arrow::internal::VisitSetBitRunsVoid(bits, offset, data.length, add);
  return rows;
}

Result<std::shared_ptr<arrow::Array>> SelectValues(const std::shared_ptr<arrow::Array>& column,
                                                   const std::vector<int32_t>& rows, arrow::MemoryPool* pool) {
  SLUICE_ASSIGN(auto data, Select(*column->data(), rows, PoolOr(pool)));
  return arrow::MakeArray(data);
}

Result<std::shared_ptr<arrow::RecordBatch>> SelectRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                       const std::vector<int32_t>& rows, arrow::MemoryPool* pool) {
  if (IsRange(rows)) {
    if (static_cast<int64_t>(rows.size()) == batch->num_rows()) return batch;
    return batch->Slice(rows.front(), static_cast<int64_t>(rows.size()));
  }
  ArrayVector columns;
  columns.reserve(static_cast<size_t>(batch->num_columns()));
  for (const auto& column : batch->columns()) {
    SLUICE_ASSIGN(auto selected, SelectValues(column, rows, pool));
    columns.push_back(std::move(selected));
  }
  return arrow::RecordBatch::Make(batch->schema(), static_cast<int64_t>(rows.size()), std::move(columns));
}

}  // namespace sluice
