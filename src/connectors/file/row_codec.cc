// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/row_codec.h"

#include <arrow/api.h>
#include <arrow/buffer_builder.h>
#include <arrow/util/binary_view_util.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

// How values of a type are encoded. Each value begins with a byte, 1, or 0 for null (then nothing more follows).
enum class Coding {
  kNull,    // no byte at all
  kBool,    // a byte
  kFixed,   // as many bytes as the type has
  kBytes,   // a length (uint32) and the bytes
  kList,    // a count (uint32) and the elements; maps too, whose elements are key and value
  kStruct,  // the fields
};

Result<Coding> CodingOf(const arrow::DataType& type) {
  const arrow::Type::type id = type.id();
  if (id == arrow::Type::NA) return Coding::kNull;
  if (id == arrow::Type::BOOL) return Coding::kBool;
  if (id == arrow::Type::STRING_VIEW || id == arrow::Type::BINARY_VIEW) return Coding::kBytes;
  if (id == arrow::Type::LIST || id == arrow::Type::MAP) return Coding::kList;
  if (id == arrow::Type::STRUCT) return Coding::kStruct;
  if (id != arrow::Type::DICTIONARY && arrow::is_fixed_width(id)) return Coding::kFixed;
  return InternalError("rows of the type " + type.ToString() + " cannot be encoded");
}

Status CheckType(const arrow::DataType& type) {
  SLUICE_RETURN_IF_ERROR(CodingOf(type).status());
  for (const auto& field : type.fields()) SLUICE_RETURN_IF_ERROR(CheckType(*field->type()));
  return Status::OK();
}

size_t WidthOf(const arrow::DataType& type) {
  return static_cast<size_t>(static_cast<const arrow::FixedWidthType&>(type).bit_width() / 8);
}

void AppendNumber(uint32_t number, std::string* out) {
  out->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// Reads encoded values. Past the end it answers nulls and remembers that it did.
class EncodedBytes {
 public:
  explicit EncodedBytes(const arrow::Buffer& buffer) : bytes_(std::string_view(buffer)) {}
  const char* Take(size_t count) {
    if (bytes_.size() - at_ < count) {
      short_ = true;
      return nullptr;
    }
    const char* taken = bytes_.data() + at_;
    at_ += count;
    return taken;
  }
  bool TakeFlag() {
    const char* flag = Take(1);
    return flag != nullptr && *flag != 0;
  }
  uint32_t TakeNumber() {
    uint32_t number = 0;
    const char* taken = Take(sizeof(number));
    if (taken != nullptr) std::memcpy(&number, taken, sizeof(number));
    return number;
  }
  size_t position() const { return at_; }
  bool whole() const { return !short_ && at_ == bytes_.size(); }
  bool short_of_bytes() const { return short_; }

 private:
  const std::string_view bytes_;
  size_t at_ = 0;
  bool short_ = false;
};

// The values of one column while they are decoded.
class ColumnDecoder {
 public:
  explicit ColumnDecoder(std::shared_ptr<arrow::DataType> type)
      : type_(std::move(type)), coding_(CodingOf(*type_).ValueOrDie()) {
    if (coding_ == Coding::kFixed) width_ = WidthOf(*type_);
    for (const auto& field : type_->fields()) children_.emplace_back(field->type());
  }

  Status Take(EncodedBytes* bytes) {
    ++length_;
    if (coding_ == Coding::kNull) return Status::OK();
    if (!bytes->TakeFlag()) return AppendNull();
    SLUICE_RETURN_IF_ERROR(valid_.Append(true));
    switch (coding_) {
      case Coding::kNull:
        break;
      case Coding::kBool:
        return bits_.Append(bytes->TakeFlag());
      case Coding::kFixed:
        return AppendValue(bytes->Take(width_), width_);
      case Coding::kBytes:
        return TakeView(bytes);
      case Coding::kList:
        return TakeElements(bytes);
      case Coding::kStruct:
        for (ColumnDecoder& child : children_) SLUICE_RETURN_IF_ERROR(child.Take(bytes));
        break;
    }
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::ArrayData>> Finish(const std::shared_ptr<arrow::Buffer>& bytes) {
    if (coding_ == Coding::kNull) return arrow::NullArray(length_).data();
    if (coding_ == Coding::kList) SLUICE_RETURN_IF_ERROR(AppendOffset());
    std::shared_ptr<arrow::Buffer> valid;
    if (nulls_ > 0) {
      SLUICE_ASSIGN(valid, valid_.Finish());
    }
    std::vector<std::shared_ptr<arrow::Buffer>> buffers{std::move(valid)};
    if (coding_ != Coding::kStruct) {
      SLUICE_ASSIGN(auto values, coding_ == Coding::kBool ? bits_.Finish() : values_.Finish());
      buffers.push_back(std::move(values));
    }
    if (coding_ == Coding::kBytes) buffers.push_back(bytes);
    std::vector<std::shared_ptr<arrow::ArrayData>> children;
    for (ColumnDecoder& child : children_) {
      SLUICE_ASSIGN(auto values, child.Finish(bytes));
      children.push_back(std::move(values));
    }
    return arrow::ArrayData::Make(type_, length_, std::move(buffers), std::move(children), nulls_);
  }

 private:
  Status AppendNull() {
    ++nulls_;
    SLUICE_RETURN_IF_ERROR(valid_.Append(false));
    switch (coding_) {
      case Coding::kNull:
        break;
      case Coding::kBool:
        return bits_.Append(false);
      case Coding::kFixed:
        return values_.Append(static_cast<int64_t>(width_), 0);
      case Coding::kBytes:
        return values_.Append(sizeof(arrow::BinaryViewType::c_type), 0);
      case Coding::kList:
        return AppendOffset();
      case Coding::kStruct:
        for (ColumnDecoder& child : children_) {
          ++child.length_;
          if (child.coding_ != Coding::kNull) SLUICE_RETURN_IF_ERROR(child.AppendNull());
        }
        break;
    }
    return Status::OK();
  }

  Status AppendValue(const void* value, size_t size) {
    if (value == nullptr) return values_.Append(static_cast<int64_t>(size), 0);
    return values_.Append(value, static_cast<int64_t>(size));
  }

  Status TakeView(EncodedBytes* bytes) {
    const uint32_t size = bytes->TakeNumber();
    const size_t offset = bytes->position();
    const char* data = bytes->Take(size);
    if (data == nullptr) return AppendValue(nullptr, sizeof(arrow::BinaryViewType::c_type));
    const arrow::BinaryViewType::c_type view =
        arrow::util::ToBinaryView(data, static_cast<int32_t>(size), 0, static_cast<int32_t>(offset));
    return AppendValue(&view, sizeof(view));
  }

  Status TakeElements(EncodedBytes* bytes) {
    SLUICE_RETURN_IF_ERROR(AppendOffset());
    const uint32_t count = bytes->TakeNumber();
    for (uint32_t i = 0; i < count && !bytes->short_of_bytes(); ++i) {
      SLUICE_RETURN_IF_ERROR(children_[0].Take(bytes));
    }
    return Status::OK();
  }

  Status AppendOffset() {
    const auto offset = static_cast<int32_t>(children_[0].length_);
    return AppendValue(&offset, sizeof(offset));
  }

  std::shared_ptr<arrow::DataType> type_;
  Coding coding_;
  size_t width_ = 0;
  int64_t length_ = 0;
  int64_t nulls_ = 0;
  arrow::TypedBufferBuilder<bool> valid_;
  arrow::TypedBufferBuilder<bool> bits_;
  arrow::BufferBuilder values_;  // fixed values, views or offsets
  std::vector<ColumnDecoder> children_;
};

}  // namespace

Result<std::shared_ptr<const RowCodec>> RowCodec::Make(const arrow::Schema& schema, const std::vector<int>& columns) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) fields.push_back(arrow::field(field->name(), arrow::null()));
  for (const int column : columns) {
    SLUICE_RETURN_IF_ERROR(CheckType(*schema.field(column)->type()));
    fields[static_cast<size_t>(column)] = schema.field(column);
  }
  return std::shared_ptr<const RowCodec>(new RowCodec(arrow::schema(std::move(fields)), columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> RowCodec::Decode(const std::shared_ptr<arrow::Buffer>& bytes,
                                                             int64_t rows) const {
  std::vector<ColumnDecoder> decoders;
  for (const int column : columns_) decoders.emplace_back(decoded_->field(column)->type());
  EncodedBytes encoded(*bytes);
  for (int64_t row = 0; row < rows && !encoded.short_of_bytes(); ++row) {
    for (ColumnDecoder& decoder : decoders) SLUICE_RETURN_IF_ERROR(decoder.Take(&encoded));
  }
  if (!encoded.whole()) return EnvironmentError("SLUICE_IO", "Rows in a temporary file are not as they were written.");
  const auto nothing = arrow::NullArray(rows).data();
  std::vector<std::shared_ptr<arrow::ArrayData>> columns(static_cast<size_t>(decoded_->num_fields()), nothing);
  for (size_t i = 0; i < columns_.size(); ++i) {
    SLUICE_ASSIGN(columns[static_cast<size_t>(columns_[i])], decoders[i].Finish(bytes));
  }
  return arrow::RecordBatch::Make(decoded_, rows, std::move(columns));
}

struct RowEncoder::Column {
  explicit Column(std::shared_ptr<arrow::Array> of)
      : array(std::move(of)), coding(CodingOf(*array->type()).ValueOr(Coding::kNull)) {
    if (coding == Coding::kFixed) {
      width = WidthOf(*array->type());
      values = array->data()->GetValues<uint8_t>(1, 0) + static_cast<size_t>(array->offset()) * width;
    } else if (coding == Coding::kList) {
      children.emplace_back(static_cast<const arrow::ListArray&>(*array).values());
    } else if (coding == Coding::kStruct) {
      const auto& fields = static_cast<const arrow::StructArray&>(*array);
      for (int i = 0; i < fields.num_fields(); ++i) children.emplace_back(fields.field(i));
    }
  }

  void Append(int64_t row, std::string* out) const {
    if (coding == Coding::kNull) return;
    const bool valid = array->IsValid(row);
    out->push_back(valid ? '\1' : '\0');
    if (!valid) return;
    switch (coding) {
      case Coding::kNull:
        break;
      case Coding::kBool:
        out->push_back(static_cast<const arrow::BooleanArray&>(*array).Value(row) ? '\1' : '\0');
        break;
      case Coding::kFixed:
        out->append(reinterpret_cast<const char*>(values) + static_cast<size_t>(row) * width, width);
        break;
      case Coding::kBytes: {
        const std::string_view text = static_cast<const arrow::BinaryViewArray&>(*array).GetView(row);
        AppendNumber(static_cast<uint32_t>(text.size()), out);
        out->append(text);
        break;
      }
      case Coding::kList: {
        const auto& list = static_cast<const arrow::ListArray&>(*array);
        const int64_t begin = list.value_offset(row);
        const int64_t count = list.value_length(row);
        AppendNumber(static_cast<uint32_t>(count), out);
        for (int64_t i = 0; i < count; ++i) children[0].Append(begin + i, out);
        break;
      }
      case Coding::kStruct:
        for (const Column& child : children) child.Append(row, out);
        break;
    }
  }

  std::shared_ptr<arrow::Array> array;
  Coding coding;
  const uint8_t* values = nullptr;
  size_t width = 0;
  std::vector<Column> children;
};

RowEncoder::RowEncoder(const RowCodec& codec, const arrow::RecordBatch& slice) {
  columns_.reserve(codec.columns_.size());
  for (const int column : codec.columns_) columns_.emplace_back(slice.column(column));
}

RowEncoder::~RowEncoder() = default;

void RowEncoder::Append(int64_t row, std::string* out) const {
  for (const Column& column : columns_) column.Append(row, out);
}

}  // namespace sluice
