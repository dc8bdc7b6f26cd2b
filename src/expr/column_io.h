// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>

#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "expr/expr.h"

namespace sluice {

using BinaryView = arrow::BinaryViewType::c_type;

inline arrow::MemoryPool* PoolOf(const EvalContext& context) {
  return context.pool != nullptr ? context.pool : arrow::default_memory_pool();
}

// Reads column values by row; nulls have unspecified values. T is the value's C++ type, std::string_view or Decimal128.
template <typename T>
class ColumnReader {
 public:
  explicit ColumnReader(const arrow::Array& array) : values_(array.data()->GetValues<T>(1)) {}
  T operator[](int64_t row) const { return values_[row]; }

 private:
  const T* values_;
};

template <>
class ColumnReader<bool> {
 public:
  explicit ColumnReader(const arrow::Array& array)
      : bits_(array.data()->GetValues<uint8_t>(1, 0)), offset_(array.offset()) {}
  bool operator[](int64_t row) const { return arrow::bit_util::GetBit(bits_, offset_ + row); }

 private:
  const uint8_t* bits_;
  int64_t offset_;
};

template <>
class ColumnReader<arrow::Decimal128> {
 public:
  explicit ColumnReader(const arrow::Array& array)
      : bytes_(array.data()->GetValues<uint8_t>(1, 0) + array.offset() * 16) {}
  arrow::Decimal128 operator[](int64_t row) const { return arrow::Decimal128(bytes_ + row * 16); }

 private:
  const uint8_t* bytes_;
};

template <>
class ColumnReader<std::string_view> {
 public:
  explicit ColumnReader(const arrow::Array& array) : views_(array.data()->GetValues<BinaryView>(1)) {
    const auto& buffers = array.data()->buffers;
    for (size_t i = 2; i < buffers.size(); ++i) data_.push_back(reinterpret_cast<const char*>(buffers[i]->data()));
  }
  std::string_view operator[](int64_t row) const {
    const BinaryView& view = views_[row];
    const char* begin = view.is_inline() ? reinterpret_cast<const char*>(view.inline_data())
                                         : data_[static_cast<size_t>(view.ref.buffer_index)] + view.ref.offset;
    return {begin, static_cast<size_t>(view.size())};
  }
  const BinaryView& view(int64_t row) const { return views_[row]; }
  const char* data(int32_t buffer) const { return data_[static_cast<size_t>(buffer)]; }

 private:
  const BinaryView* views_;
  std::vector<const char*> data_;
};

// The part [offset, offset + size) of a view's bytes, sharing its buffer; `bytes` are the view's own.
inline BinaryView SubView(const BinaryView& view, const char* bytes, int32_t offset, int32_t size) {
  BinaryView part;
  if (size <= arrow::BinaryViewType::kInlineSize) {
    std::memset(&part, 0, sizeof(part));
    part.inlined.size = size;
    std::memcpy(part.inlined.data.data(), bytes + offset, static_cast<size_t>(size));
    return part;
  }
  part.ref.size = size;
  std::memcpy(part.ref.prefix.data(), bytes + offset, arrow::BinaryViewType::kPrefixSize);
  part.ref.buffer_index = view.ref.buffer_index;
  part.ref.offset = view.ref.offset + offset;
  return part;
}

// The null bits of a column being written: none until the first null.
class ValidityWriter {
 public:
  ValidityWriter(int64_t rows, arrow::MemoryPool* pool) : rows_(rows), pool_(pool) {}
  // Starts from the rows at which every column is valid.
  Status SetFrom(const std::vector<std::shared_ptr<arrow::Array>>& columns);
  Status SetNull(int64_t row);
  bool IsNull(int64_t row) const { return bits_ != nullptr && !arrow::bit_util::GetBit(bits_->data(), row); }
  int64_t null_count() const;
  const std::shared_ptr<arrow::Buffer>& buffer() const { return bits_; }

 private:
  int64_t rows_;
  arrow::MemoryPool* pool_;
  std::shared_ptr<arrow::Buffer> bits_;
};

// Writes the fixed-width values of a column, in any order. T: a C++ number, bool, or Decimal128.
template <typename T>
class ColumnWriter {
 public:
  ColumnWriter(int64_t rows, arrow::MemoryPool* pool) : rows_(rows), pool_(pool), validity_(rows, pool) {}
  ColumnWriter(int64_t rows, const EvalContext& context) : ColumnWriter(rows, PoolOf(context)) {}
  Status Allocate() {
    const int64_t bytes = std::is_same_v<T, bool> ? arrow::bit_util::BytesForBits(rows_) : rows_ * int64_t{sizeof(T)};
    SLUICE_ASSIGN(buffer_, arrow::AllocateBuffer(bytes, pool_));
    values_ = buffer_->mutable_data();
    if (bytes > 0) std::memset(values_, 0, static_cast<size_t>(bytes));
    return Status::OK();
  }
  Status Set(int64_t row, T value) {
    if constexpr (std::is_same_v<T, bool>) {
      arrow::bit_util::SetBitTo(values_, row, value);
    } else if constexpr (std::is_same_v<T, arrow::Decimal128>) {
      value.ToBytes(values_ + row * 16);
    } else {
      values()[row] = value;
    }
    return Status::OK();
  }
  Status SetNull(int64_t row) { return validity_.SetNull(row); }
  T* values() { return reinterpret_cast<T*>(values_); }
  ValidityWriter& validity() { return validity_; }
  Result<std::shared_ptr<arrow::Array>> Finish(const std::shared_ptr<arrow::DataType>& type) {
    return arrow::MakeArray(
        arrow::ArrayData::Make(type, rows_, {validity_.buffer(), std::move(buffer_)}, validity_.null_count()));
  }

 private:
  int64_t rows_;
  arrow::MemoryPool* pool_;
  ValidityWriter validity_;
  std::shared_ptr<arrow::Buffer> buffer_;
  uint8_t* values_ = nullptr;
};

// Writes a STRING or BINARY column: views into shared buffers, and bytes of its own.
class ViewWriter {
 public:
  ViewWriter(int64_t rows, arrow::MemoryPool* pool) : rows_(rows), pool_(pool), validity_(rows, pool) {}
  // Values larger than the context allows are refused.
  ViewWriter(int64_t rows, const EvalContext& context)
      : rows_(rows), pool_(PoolOf(context)), most_(context.max_value_bytes), validity_(rows, pool_) {}
  Status Allocate();
  // Takes over the data buffers of a column, so that its views (and SubViews) can be set. Before the first Set.
  void Share(const arrow::Array& column);
  // Copies the bytes. More than 2 GiB are SLUICE_VALUE_TOO_LARGE.
  Status Set(int64_t row, std::string_view bytes);
  void SetView(int64_t row, const BinaryView& view) { views_[row] = view; }
  const BinaryView& view(int64_t row) const { return views_[row]; }
  Status SetNull(int64_t row) { return validity_.SetNull(row); }
  ValidityWriter& validity() { return validity_; }
  Result<std::shared_ptr<arrow::Array>> Finish(const std::shared_ptr<arrow::DataType>& type);

 private:
  Status NewBlock(int64_t bytes);

  int64_t rows_;
  arrow::MemoryPool* pool_;
  int64_t most_ = INT32_MAX;  // bytes of a value
  ValidityWriter validity_;
  std::shared_ptr<arrow::Buffer> buffer_;
  BinaryView* views_ = nullptr;
  std::vector<std::shared_ptr<arrow::Buffer>> data_;
  std::shared_ptr<arrow::ResizableBuffer> block_;  // the last of data_, being filled
  int64_t block_used_ = 0;
  int64_t next_block_ = 4096;
};

template <typename T>
using WriterOf = std::conditional_t<std::is_same_v<T, std::string_view>, ViewWriter, ColumnWriter<T>>;

}  // namespace sluice
