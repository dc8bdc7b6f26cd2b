// SPDX-License-Identifier: Apache-2.0
#include "exec/retained_batch.h"

#include <arrow/api.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using View = arrow::BinaryViewType::c_type;
using DataPtr = std::shared_ptr<arrow::ArrayData>;

// A view's offset is an int32.
constexpr int64_t kMaxPayload = int64_t{1} << 30;

bool IsValid(const arrow::ArrayData& data, int64_t i) {
  return data.buffers[0] == nullptr || arrow::bit_util::GetBit(data.buffers[0]->data(), data.offset + i);
}

// Appends bytes to a list of buffers, each filled before the next begins.
class PayloadWriter {
 public:
  PayloadWriter(int64_t total, arrow::MemoryPool* pool) : left_(total), pool_(pool) {}

  Result<View> Append(const View& view, const uint8_t* bytes) {
    const auto size = static_cast<int64_t>(view.size());
    if (payloads_.empty() || used_ + size > payloads_.back()->size()) {
      SLUICE_ASSIGN(auto next, arrow::AllocateBuffer(std::max(size, std::min(left_, kMaxPayload)), pool_));
      payloads_.push_back(std::move(next));
      used_ = 0;
    }
    std::memcpy(payloads_.back()->mutable_data() + used_, bytes, static_cast<size_t>(size));
    View copy = view;
    copy.ref.buffer_index = static_cast<int32_t>(payloads_.size() - 1);
    copy.ref.offset = static_cast<int32_t>(used_);
    used_ += size;
    left_ -= size;
    return copy;
  }

  std::vector<std::shared_ptr<arrow::Buffer>> payloads_;

 private:
  int64_t left_;
  int64_t used_ = 0;
  arrow::MemoryPool* pool_;
};

Result<DataPtr> OwnViews(const arrow::ArrayData& data, arrow::MemoryPool* pool) {
  const View* views = data.GetValues<View>(1);
  int64_t total = 0;
  for (int64_t i = 0; i < data.length; ++i) {
    if (!views[i].is_inline() && IsValid(data, i)) total += views[i].size();
  }
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> owned,
                arrow::AllocateBuffer(data.length * static_cast<int64_t>(sizeof(View)), pool));
  auto* target = reinterpret_cast<View*>(owned->mutable_data());
  PayloadWriter writer(total, pool);
  for (int64_t i = 0; i < data.length; ++i) {
    if (!IsValid(data, i)) {
      target[i] = {};
    } else if (views[i].is_inline()) {
      target[i] = views[i];
    } else {
      const auto& payload = data.buffers[static_cast<size_t>(views[i].ref.buffer_index) + 2];
      SLUICE_ASSIGN(target[i], writer.Append(views[i], payload->data() + views[i].ref.offset));
    }
  }
  std::shared_ptr<arrow::Buffer> validity;
  if (data.buffers[0] != nullptr) {
    SLUICE_ASSIGN(validity, arrow::internal::CopyBitmap(pool, data.buffers[0]->data(), data.offset, data.length));
  }
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {std::move(validity), std::move(owned)};
  buffers.insert(buffers.end(), writer.payloads_.begin(), writer.payloads_.end());
  return arrow::ArrayData::Make(data.type, data.length, std::move(buffers), data.null_count.load());
}

bool HasViews(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRING_VIEW || type.id() == arrow::Type::BINARY_VIEW) return true;
  return std::any_of(type.fields().begin(), type.fields().end(), [](const auto& f) { return HasViews(*f->type()); });
}

// True when the column is a small part of what it holds on to, views' payloads apart.
bool IsSmallPart(const arrow::ArrayData& data) {
  if (data.length == 0) return false;
  int64_t held = 0;
  int64_t needed = 0;
  if (arrow::is_fixed_width(data.type->id()) && data.type->id() != arrow::Type::DICTIONARY) {
    held = data.buffers[1] ? data.buffers[1]->capacity() : 0;
    needed = data.length * static_cast<const arrow::FixedWidthType&>(*data.type).bit_width() / 8;
  } else if (!data.child_data.empty() && data.type->id() == arrow::Type::STRUCT) {
    held = data.child_data[0]->length;
    needed = data.length;
  } else if (arrow::is_list_like(data.type->id())) {
    const int32_t* offsets = data.GetValues<int32_t>(1);
    held = data.child_data[0]->length;
    needed = offsets[data.length] - offsets[0];
  }
  return held > 2 * needed + 1024;
}

Result<DataPtr> Own(DataPtr data, arrow::MemoryPool* pool) {
  if (IsSmallPart(*data)) {
    SLUICE_ASSIGN(auto copy, arrow::Concatenate({arrow::MakeArray(data)}, pool));
    data = copy->data();
  }
  if (!HasViews(*data->type)) return data;
  if (data->child_data.empty()) return OwnViews(*data, pool);
  auto copy = data->Copy();
  for (DataPtr& child : copy->child_data) {
    SLUICE_ASSIGN(child, Own(child, pool));
  }
  return copy;
}

int64_t BytesOf(const arrow::ArrayData& data) {
  int64_t bytes = 0;
  for (const auto& buffer : data.buffers) bytes += buffer ? buffer->capacity() : 0;
  for (const auto& child : data.child_data) bytes += BytesOf(*child);
  return bytes;
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> OwnRows(const std::shared_ptr<arrow::Array>& column, arrow::MemoryPool* pool) {
  SLUICE_ASSIGN(auto data, Own(column->data(), pool != nullptr ? pool : arrow::default_memory_pool()));
  return data == column->data() ? column : arrow::MakeArray(data);
}

Result<std::shared_ptr<arrow::RecordBatch>> OwnRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                    arrow::MemoryPool* pool) {
  arrow::ArrayVector columns;
  columns.reserve(static_cast<size_t>(batch->num_columns()));
  for (const auto& column : batch->columns()) {
    SLUICE_ASSIGN(auto owned, OwnRows(column, pool));
    columns.push_back(std::move(owned));
  }
  return arrow::RecordBatch::Make(batch->schema(), batch->num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> Concatenated(std::vector<std::shared_ptr<arrow::RecordBatch>> slices,
                                                         const std::shared_ptr<arrow::Schema>& schema,
                                                         arrow::MemoryPool* pool) {
  if (pool == nullptr) pool = arrow::default_memory_pool();
  if (slices.empty()) return arrow::RecordBatch::MakeEmpty(schema, pool);
  if (slices.size() == 1) return std::move(slices[0]);
  int64_t rows = 0;
  std::vector<arrow::ArrayVector> columns(static_cast<size_t>(schema->num_fields()));
  for (auto& slice : slices) {
    rows += slice->num_rows();
    for (size_t i = 0; i < columns.size(); ++i) columns[i].push_back(slice->column(static_cast<int>(i)));
    slice.reset();
  }
  arrow::ArrayVector whole;
  for (arrow::ArrayVector& parts : columns) {
    SLUICE_ASSIGN(auto column, arrow::Concatenate(parts, pool));
    parts.clear();  // so that only one column at a time is there twice
    whole.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, rows, std::move(whole));
}

int64_t RetainedBytes(const arrow::RecordBatch& batch) {
  int64_t bytes = 0;
  for (const auto& column : batch.column_data()) bytes += BytesOf(*column);
  return bytes;
}

}  // namespace sluice
