// SPDX-License-Identifier: Apache-2.0
#include "exec/key_codec.h"

#include <arrow/api.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

// A value is written as a byte, 1 for null and 0 else, then for a value: its bytes when the width is fixed; a 4-byte
// length and the bytes of a string; a 4-byte count and the elements of an array; the fields of a struct.
class ValueWriter {
 public:
  explicit ValueWriter(std::vector<uint8_t>* bytes) : bytes_(bytes) {}

  void Write(const arrow::Array& column, int64_t row) {
    const bool null = column.IsNull(row);
    bytes_->push_back(null ? 1 : 0);
    if (null) return;
    switch (column.type_id()) {
      case arrow::Type::BOOL:
        return Put<uint8_t>(static_cast<const arrow::BooleanArray&>(column).Value(row));
      case arrow::Type::INT8:
        return PutFixed<int8_t>(column, row);
      case arrow::Type::INT16:
        return PutFixed<int16_t>(column, row);
      case arrow::Type::INT32:
      case arrow::Type::DATE32:
        return PutFixed<int32_t>(column, row);
      case arrow::Type::INT64:
      case arrow::Type::TIMESTAMP:
        return PutFixed<int64_t>(column, row);
      case arrow::Type::FLOAT:
        return Put(NormalKey(column.data()->GetValues<float>(1)[row]));
      case arrow::Type::DOUBLE:
        return Put(NormalKey(column.data()->GetValues<double>(1)[row]));
      case arrow::Type::DECIMAL128:
        return Append(static_cast<const arrow::Decimal128Array&>(column).GetValue(row), 16);
      case arrow::Type::LIST:
        return WriteList(static_cast<const arrow::ListArray&>(column), row);
      case arrow::Type::STRUCT: {
        for (const auto& field : static_cast<const arrow::StructArray&>(column).fields()) Write(*field, row);
        return;
      }
      default: {
        const std::string_view text = static_cast<const arrow::BinaryViewArray&>(column).GetView(row);
        Put(static_cast<uint32_t>(text.size()));
        Append(text.data(), text.size());
      }
    }
  }

 private:
  void Append(const void* data, size_t size) {
    const size_t at = bytes_->size();
    bytes_->resize(at + size);
    if (size > 0) std::memcpy(bytes_->data() + at, data, size);
  }
  template <typename Value>
  void Put(Value value) {
    Append(&value, sizeof(value));
  }
  template <typename Value>
  void PutFixed(const arrow::Array& column, int64_t row) {
    Put(column.data()->GetValues<Value>(1)[row]);
  }
  void WriteList(const arrow::ListArray& lists, int64_t row) {
    Put(static_cast<uint32_t>(lists.value_length(row)));
    const int64_t begin = lists.value_offset(row);
    for (int64_t i = 0; i < lists.value_length(row); ++i) Write(*lists.values(), begin + i);
  }

  std::vector<uint8_t>* bytes_;
};

class ValueReader {
 public:
  explicit ValueReader(const char* at) : at_(at) {}
  const char* at() const { return at_; }

  Status Read(const arrow::DataType& type, arrow::ArrayBuilder* builder) {
    if (*at_++ != 0) return builder->AppendNull();
    switch (type.id()) {
      case arrow::Type::BOOL:
        return static_cast<arrow::BooleanBuilder*>(builder)->Append(Get<uint8_t>() != 0);
      case arrow::Type::INT8:
        return AppendFixed<arrow::Int8Builder>(builder);
      case arrow::Type::INT16:
        return AppendFixed<arrow::Int16Builder>(builder);
      case arrow::Type::INT32:
        return AppendFixed<arrow::Int32Builder>(builder);
      case arrow::Type::DATE32:
        return AppendFixed<arrow::Date32Builder>(builder);
      case arrow::Type::INT64:
        return AppendFixed<arrow::Int64Builder>(builder);
      case arrow::Type::TIMESTAMP:
        return AppendFixed<arrow::TimestampBuilder>(builder);
      case arrow::Type::FLOAT:
        return AppendFixed<arrow::FloatBuilder>(builder);
      case arrow::Type::DOUBLE:
        return AppendFixed<arrow::DoubleBuilder>(builder);
      case arrow::Type::DECIMAL128:
        return static_cast<arrow::Decimal128Builder*>(builder)->Append(std::string_view(Skip(16), 16));
      case arrow::Type::LIST:
        return ReadList(type, static_cast<arrow::ListBuilder*>(builder));
      case arrow::Type::STRUCT: {
        auto* fields = static_cast<arrow::StructBuilder*>(builder);
        SLUICE_RETURN_IF_ERROR(fields->Append());
        for (int i = 0; i < type.num_fields(); ++i) {
          SLUICE_RETURN_IF_ERROR(Read(*type.field(i)->type(), fields->field_builder(i)));
        }
        return Status::OK();
      }
      default: {
        const auto size = Get<uint32_t>();
        return static_cast<arrow::BinaryViewBuilder*>(builder)->Append(std::string_view(Skip(size), size));
      }
    }
  }

 private:
  const char* Skip(size_t size) { return std::exchange(at_, at_ + size); }
  template <typename Value>
  Value Get() {
    Value value;
    std::memcpy(&value, Skip(sizeof(value)), sizeof(value));
    return value;
  }
  template <typename Builder>
  Status AppendFixed(arrow::ArrayBuilder* builder) {
    return static_cast<Builder*>(builder)->Append(Get<typename Builder::value_type>());
  }
  Status ReadList(const arrow::DataType& type, arrow::ListBuilder* lists) {
    SLUICE_RETURN_IF_ERROR(lists->Append());
    const auto count = Get<uint32_t>();
    for (uint32_t i = 0; i < count; ++i) {
      SLUICE_RETURN_IF_ERROR(Read(*type.field(0)->type(), lists->value_builder()));
    }
    return Status::OK();
  }

  const char* at_;
};

Status CheckKeyType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DECIMAL128:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return Status::OK();
    case arrow::Type::LIST:
    case arrow::Type::STRUCT:
      for (const auto& field : type.fields()) SLUICE_RETURN_IF_ERROR(CheckKeyType(*field->type()));
      return Status::OK();
    default:
      return NotSupported("Rows cannot be grouped by a value of type " + type.ToString() + ".");
  }
}

}  // namespace

float NormalKey(float value) {
  return std::isnan(value) ? std::numeric_limits<float>::quiet_NaN() : value + 0.0F;
}
double NormalKey(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;
}

Result<KeyCodec> KeyCodec::Make(std::vector<std::shared_ptr<arrow::DataType>> types) {
  for (const auto& type : types) SLUICE_RETURN_IF_ERROR(CheckKeyType(*type));
  return KeyCodec(std::move(types));
}

Status KeyCodec::Encode(const arrow::ArrayVector& keys, int64_t rows, std::vector<uint8_t>* bytes,
                        std::vector<uint64_t>* offsets) const {
  bytes->clear();
  offsets->clear();
  offsets->reserve(static_cast<size_t>(rows) + 1);
  ValueWriter writer(bytes);
  for (int64_t row = 0; row < rows; ++row) {
    offsets->push_back(bytes->size());
    for (const auto& key : keys) writer.Write(*key, row);
  }
  offsets->push_back(bytes->size());
  return Status::OK();
}

Result<arrow::ArrayVector> KeyCodec::Decode(const std::vector<std::string_view>& rows, arrow::MemoryPool* pool) const {
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders(types_.size());
  for (size_t i = 0; i < types_.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(arrow::MakeBuilder(pool, types_[i], &builders[i]));
    SLUICE_RETURN_IF_ERROR(builders[i]->Reserve(static_cast<int64_t>(rows.size())));
  }
  for (const std::string_view row : rows) {
    ValueReader reader(row.data());
    for (size_t i = 0; i < types_.size(); ++i) SLUICE_RETURN_IF_ERROR(reader.Read(*types_[i], builders[i].get()));
  }
  arrow::ArrayVector columns;
  for (auto& builder : builders) {
    SLUICE_ASSIGN(auto column, builder->Finish());
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace sluice
