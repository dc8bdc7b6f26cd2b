// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/text_column_reader.h"

#include <arrow/api.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/bit_util.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice {
namespace {

using View = arrow::BinaryViewType::c_type;

// What a row of a slice takes besides its text: its view twice, its value on the way, its level.
constexpr int64_t kBytesOfRow = 64;

// Makes views of values, with the bytes of those that do not fit into their view in one buffer.
class ViewWriter {
 public:
  // `claim` counts the bytes besides `claimed`, which are somebody else's.
  ViewWriter(MemoryClaim* claim, int64_t claimed) : claim_(claim), claimed_(claimed) {}
  Status Append(const parquet::ByteArray* values, int64_t count, std::vector<View>* views) {
    int64_t at = bytes_ == nullptr ? 0 : bytes_->size();
    int64_t end = at;
    for (int64_t i = 0; i < count; ++i) end += IsInline(values[i]) ? 0 : values[i].len;
    if (end > INT32_MAX) return Status::CapacityError("the texts of a slice are larger than 2 GiB");
    if (end > at) SLUICE_RETURN_IF_ERROR(Grow(end));
    for (int64_t i = 0; i < count; ++i) {
      const parquet::ByteArray& value = values[i];
      const auto size = static_cast<int32_t>(value.len);
      if (IsInline(value)) {
        views->push_back(arrow::util::ToInlineBinaryView(value.ptr, size));
        continue;
      }
      std::memcpy(bytes_->mutable_data() + at, value.ptr, value.len);
      views->push_back(arrow::util::ToNonInlineBinaryView(value.ptr, size, 0, static_cast<int32_t>(at)));
      at += size;
    }
    return Status::OK();
  }
  std::shared_ptr<arrow::Buffer> Finish() { return std::move(bytes_); }

 private:
  static bool IsInline(const parquet::ByteArray& value) { return value.len <= arrow::BinaryViewType::kInlineSize; }
  Status Grow(int64_t size) {
    const int64_t capacity = bytes_ == nullptr ? 0 : bytes_->capacity();
    if (size > capacity) SLUICE_RETURN_IF_ERROR(claim_->Set(claimed_ + 2 * size));
    if (bytes_ != nullptr) return bytes_->Resize(size, /*shrink_to_fit=*/false);
    return arrow::AllocateResizableBuffer(size).Value(&bytes_);
  }

  MemoryClaim* const claim_;
  const int64_t claimed_;
  std::unique_ptr<arrow::ResizableBuffer> bytes_;
};

Status TooFewValues() {
  return Status::IOError("a column has fewer values than its row group has rows");
}

}  // namespace

bool TextColumnReader::CanRead(const parquet::ColumnDescriptor& column, const arrow::DataType& type) {
  if (column.physical_type() != parquet::Type::BYTE_ARRAY) return false;
  if (column.max_repetition_level() > 0 || column.max_definition_level() > 1) return false;
  return type.id() == arrow::Type::STRING_VIEW || type.id() == arrow::Type::BINARY_VIEW;
}

TextColumnReader::TextColumnReader(parquet::RowGroupReader* group, int leaf, std::shared_ptr<arrow::DataType> type,
                                   ReaderMemory* memory)
    : type_(std::move(type)),
      reader_(std::static_pointer_cast<parquet::ByteArrayReader>(
          group->ColumnWithExposeEncoding(leaf, parquet::ExposedEncoding::DICTIONARY))),
      by_dictionary_(reader_->GetExposedEncoding() == parquet::ExposedEncoding::DICTIONARY),
      dictionary_claim_(memory),
      slice_claim_(memory) {}

Status TextColumnReader::KeepDictionary(const parquet::ByteArray* values, int32_t count) {
  const int64_t views = int64_t{count} * static_cast<int64_t>(sizeof(View));
  SLUICE_RETURN_IF_ERROR(dictionary_claim_.Set(views));
  dictionary_.reserve(static_cast<size_t>(count));
  ViewWriter writer(&dictionary_claim_, views);
  SLUICE_RETURN_IF_ERROR(writer.Append(values, count, &dictionary_));
  dictionary_bytes_ = writer.Finish();
  return Status::OK();
}

// Fills indices_ and says how many of the rows have a value.
Result<int64_t> TextColumnReader::ReadIndices(int64_t rows) {
  indices_.resize(static_cast<size_t>(rows));
  int64_t present = 0;
  for (int64_t done = 0; done < rows;) {
    const parquet::ByteArray* values = nullptr;
    int32_t count = 0;
    int64_t read = 0;
    const int64_t levels = reader_->ReadBatchWithDictionary(rows - done, levels_.data() + done, nullptr,
                                                            indices_.data() + present, &read, &values, &count);
    if (levels == 0) return TooFewValues();
    if (dictionary_.empty() && count > 0) SLUICE_RETURN_IF_ERROR(KeepDictionary(values, count));
    done += levels;
    present += read;
  }
  uint32_t largest = 0;
  for (int64_t i = 0; i < present; ++i) largest = std::max(largest, static_cast<uint32_t>(indices_[i]));
  if (present > 0 && largest >= dictionary_.size()) return Status::IOError("an index is beyond its dictionary");
  return present;
}

// Fills views_ and says how many of the rows have a value.
Result<int64_t> TextColumnReader::ReadValues(int64_t rows, std::shared_ptr<arrow::Buffer>* bytes) {
  values_.resize(static_cast<size_t>(rows));
  views_.clear();
  ViewWriter writer(&slice_claim_, rows * kBytesOfRow);
  for (int64_t done = 0; done < rows;) {
    int64_t read = 0;
    // What the values point to is there until the next page.
    const int64_t levels = reader_->ReadBatch(rows - done, levels_.data() + done, nullptr, values_.data(), &read);
    if (levels == 0) return TooFewValues();
    SLUICE_RETURN_IF_ERROR(writer.Append(values_.data(), read, &views_));
    done += levels;
  }
  *bytes = writer.Finish();
  return static_cast<int64_t>(views_.size());
}

// Puts the values that are there, view_of(0), view_of(1), ..., into their rows.
template <typename ViewOf>
Result<std::shared_ptr<arrow::Array>> TextColumnReader::Spread(int64_t rows, int64_t present, ViewOf view_of,
                                                               std::shared_ptr<arrow::Buffer> bytes) const {
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> views, arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(View))));
  auto* to = reinterpret_cast<View*>(views->mutable_data());
  std::shared_ptr<arrow::Buffer> validity;
  if (present == rows) {
    for (int64_t row = 0; row < rows; ++row) to[row] = view_of(row);
  } else {
    SLUICE_ASSIGN(validity, arrow::AllocateEmptyBitmap(rows));
    for (int64_t row = 0, next = 0; row < rows; ++row) {
      const bool valid = levels_[static_cast<size_t>(row)] == 1;
      to[row] = valid ? view_of(next++) : View{};
      if (valid) arrow::bit_util::SetBit(validity->mutable_data(), row);
    }
  }
  arrow::BufferVector buffers = {std::move(validity), std::move(views)};
  if (bytes != nullptr) buffers.push_back(std::move(bytes));
  return arrow::MakeArray(arrow::ArrayData::Make(type_, rows, std::move(buffers), rows - present));
}

Status TextColumnReader::Skip(int64_t rows) {
  return reader_->Skip(rows) == rows ? Status::OK() : TooFewValues();
}

Result<std::shared_ptr<arrow::Array>> TextColumnReader::Read(int64_t rows) {
  SLUICE_RETURN_IF_ERROR(slice_claim_.Set(rows * kBytesOfRow));
  levels_.resize(static_cast<size_t>(rows));
  if (by_dictionary_) {
    SLUICE_ASSIGN(const int64_t present, ReadIndices(rows));
    const auto view_of = [this](int64_t i) {
      return dictionary_[static_cast<size_t>(indices_[static_cast<size_t>(i)])];
    };
    return Spread(rows, present, view_of, dictionary_bytes_);
  }
  std::shared_ptr<arrow::Buffer> bytes;
  SLUICE_ASSIGN(const int64_t present, ReadValues(rows, &bytes));
  return Spread(
      rows, present, [this](int64_t i) { return views_[static_cast<size_t>(i)]; }, std::move(bytes));
}

}  // namespace sluice
