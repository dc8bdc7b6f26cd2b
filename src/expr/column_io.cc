// SPDX-License-Identifier: Apache-2.0
#include "expr/column_io.h"

#include <arrow/util/bitmap_ops.h>

#include <algorithm>

#include "expr/value_text.h"

namespace sluice {

Status ValidityWriter::SetFrom(const std::vector<std::shared_ptr<arrow::Array>>& columns) {
  for (const auto& column : columns) {
    if (column->type_id() == arrow::Type::NA) {
      SLUICE_ASSIGN(bits_, arrow::AllocateEmptyBitmap(rows_, pool_));
      return Status::OK();
    }
    if (column->null_count() == 0) continue;
    if (bits_ == nullptr) {
      SLUICE_ASSIGN(bits_, arrow::internal::CopyBitmap(pool_, column->null_bitmap_data(), column->offset(), rows_));
    } else {
      arrow::internal::BitmapAnd(bits_->data(), 0, column->null_bitmap_data(), column->offset(), rows_, 0,
                                 bits_->mutable_data());
    }
  }
  return Status::OK();
}

Status ValidityWriter::SetNull(int64_t row) {
  if (bits_ == nullptr) {
    SLUICE_ASSIGN(bits_, arrow::AllocateBitmap(rows_, pool_));
    arrow::bit_util::SetBitsTo(bits_->mutable_data(), 0, rows_, true);
  }
  arrow::bit_util::ClearBit(bits_->mutable_data(), row);
  return Status::OK();
}

int64_t ValidityWriter::null_count() const {
  return bits_ == nullptr ? 0 : rows_ - arrow::internal::CountSetBits(bits_->data(), 0, rows_);
}

Status ViewWriter::Allocate() {
  const int64_t bytes = rows_ * static_cast<int64_t>(sizeof(BinaryView));
  SLUICE_ASSIGN(buffer_, arrow::AllocateBuffer(bytes, pool_));
  views_ = reinterpret_cast<BinaryView*>(buffer_->mutable_data());
  // Nulls must be valid views.
  if (bytes > 0) std::memset(static_cast<void*>(views_), 0, static_cast<size_t>(bytes));
  return Status::OK();
}

void ViewWriter::Share(const arrow::Array& column) {
  const auto& buffers = column.data()->buffers;
  data_.insert(data_.end(), buffers.begin() + 2, buffers.end());
}

Status ViewWriter::NewBlock(int64_t bytes) {
  constexpr int64_t kLargestBlock = 1 << 20;
  if (block_ != nullptr) SLUICE_RETURN_IF_ERROR(block_->Resize(block_used_, false));
  SLUICE_ASSIGN(block_, arrow::AllocateResizableBuffer(std::max(bytes, next_block_), pool_));
  next_block_ = std::min(next_block_ * 2, kLargestBlock);
  block_used_ = 0;
  data_.push_back(block_);
  return Status::OK();
}

Status ViewWriter::Set(int64_t row, std::string_view bytes) {
  if (bytes.size() <= static_cast<size_t>(arrow::BinaryViewType::kInlineSize)) {
    views_[row] = arrow::util::ToInlineBinaryView(bytes.empty() ? std::string_view("") : bytes);
    return Status::OK();
  }
  const auto size = static_cast<int64_t>(bytes.size());
  if (size > most_) return ValueTooLarge(size, most_);
  if (block_ == nullptr || block_used_ + size > block_->size()) SLUICE_RETURN_IF_ERROR(NewBlock(size));
  std::memcpy(block_->mutable_data() + block_used_, bytes.data(), bytes.size());
  views_[row] =
      arrow::util::ToNonInlineBinaryView(bytes.data(), static_cast<int32_t>(size),
                                         static_cast<int32_t>(data_.size() - 1), static_cast<int32_t>(block_used_));
  block_used_ += size;
  return Status::OK();
}

Result<std::shared_ptr<arrow::Array>> ViewWriter::Finish(const std::shared_ptr<arrow::DataType>& type) {
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {validity_.buffer(), std::move(buffer_)};
  buffers.insert(buffers.end(), data_.begin(), data_.end());
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows_, std::move(buffers), validity_.null_count()));
}

}  // namespace sluice
