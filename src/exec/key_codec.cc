// SPDX-License-Identifier: Apache-2.0
#include "exec/key_codec.h"

#include <arrow/api.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
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
      case arrow::Type::INTERVAL_MONTHS:
        return PutFixed<int32_t>(column, row);
      case arrow::Type::INT64:
      case arrow::Type::TIMESTAMP:
      case arrow::Type::DURATION:
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

// The rows of one column, written column by column: sizes first, so that every row's bytes have their place.
class ColumnWriter {
 public:
  ColumnWriter(const arrow::Array& column, int64_t rows)
      : column_(column), rows_(rows), nulls_(column.null_count() > 0) {
    if (Width(column.type_id()) > 0 || IsText()) return;
    ValueWriter writer(&nested_);
    for (int64_t row = 0; row < rows; ++row) {
      nested_offsets_.push_back(nested_.size());
      writer.Write(column, row);
    }
    nested_offsets_.push_back(nested_.size());
  }

  void AddSizes(uint64_t* sizes) const {
    const uint64_t width = Width(column_.type_id());
    for (int64_t row = 0; row < rows_; ++row) {
      if (width == 0 && !IsText()) {
        sizes[row] += nested_offsets_[static_cast<size_t>(row) + 1] - nested_offsets_[static_cast<size_t>(row)];
      } else if (nulls_ && column_.IsNull(row)) {
        sizes[row] += 1;
      } else {
        sizes[row] += 1 + (width > 0 ? width : sizeof(uint32_t) + Text(row).size());
      }
    }
  }

  // Writes row i at base + places[i] and moves the place behind it.
  void Write(uint8_t* base, uint64_t* places) const {
    switch (column_.type_id()) {
      case arrow::Type::BOOL:
        return WriteRows(base, places, [this](int64_t row) {
          return static_cast<uint8_t>(static_cast<const arrow::BooleanArray&>(column_).Value(row));
        });
      case arrow::Type::INT8:
        return WriteFixed<int8_t>(base, places);
      case arrow::Type::INT16:
        return WriteFixed<int16_t>(base, places);
      case arrow::Type::INT32:
      case arrow::Type::DATE32:
      case arrow::Type::INTERVAL_MONTHS:
        return WriteFixed<int32_t>(base, places);
      case arrow::Type::INT64:
      case arrow::Type::TIMESTAMP:
      case arrow::Type::DURATION:
        return WriteFixed<int64_t>(base, places);
      case arrow::Type::FLOAT:
        return WriteFixed<float>(base, places);
      case arrow::Type::DOUBLE:
        return WriteFixed<double>(base, places);
      case arrow::Type::STRING_VIEW:
      case arrow::Type::BINARY_VIEW:
        return WriteTexts(base, places);
      default:
        return WriteNested(base, places);
    }
  }

 private:
  static uint64_t Width(arrow::Type::type type) {
    switch (type) {
      case arrow::Type::BOOL:
      case arrow::Type::INT8:
        return 1;
      case arrow::Type::INT16:
        return 2;
      case arrow::Type::INT32:
      case arrow::Type::DATE32:
      case arrow::Type::INTERVAL_MONTHS:
      case arrow::Type::FLOAT:
        return 4;
      case arrow::Type::INT64:
      case arrow::Type::TIMESTAMP:
      case arrow::Type::DURATION:
      case arrow::Type::DOUBLE:
        return 8;
      default:
        return 0;
    }
  }
  bool IsText() const {
    return column_.type_id() == arrow::Type::STRING_VIEW || column_.type_id() == arrow::Type::BINARY_VIEW;
  }
  std::string_view Text(int64_t row) const { return static_cast<const arrow::BinaryViewArray&>(column_).GetView(row); }

  template <typename ValueOf>
  void WriteRows(uint8_t* base, uint64_t* places, ValueOf value_of) const {
    for (int64_t row = 0; row < rows_; ++row) {
      uint8_t* at = base + places[row];
      const bool null = nulls_ && column_.IsNull(row);
      *at = null ? 1 : 0;
      ++places[row];
      if (null) continue;
      const auto value = value_of(row);
      std::memcpy(at + 1, &value, sizeof(value));
      places[row] += sizeof(value);
    }
  }
  template <typename Value>
  void WriteFixed(uint8_t* base, uint64_t* places) const {
    const Value* values = column_.data()->GetValues<Value>(1);
    WriteRows(base, places, [values](int64_t row) {
      if constexpr (std::is_floating_point_v<Value>) return NormalKey(values[row]);
      return values[row];
    });
  }
  void WriteTexts(uint8_t* base, uint64_t* places) const {
    for (int64_t row = 0; row < rows_; ++row) {
      uint8_t* at = base + places[row];
      const bool null = nulls_ && column_.IsNull(row);
      *at = null ? 1 : 0;
      ++places[row];
      if (null) continue;
      const std::string_view text = Text(row);
      const auto size = static_cast<uint32_t>(text.size());
      std::memcpy(at + 1, &size, sizeof(size));
      if (size > 0) std::memcpy(at + 1 + sizeof(size), text.data(), size);
      places[row] += sizeof(size) + size;
    }
  }
  void WriteNested(uint8_t* base, uint64_t* places) const {
    for (int64_t row = 0; row < rows_; ++row) {
      const uint64_t begin = nested_offsets_[static_cast<size_t>(row)];
      const uint64_t size = nested_offsets_[static_cast<size_t>(row) + 1] - begin;
      std::memcpy(base + places[row], nested_.data() + begin, size);
      places[row] += size;
    }
  }

  const arrow::Array& column_;
  const int64_t rows_;
  const bool nulls_;
  std::vector<uint8_t> nested_;  // of types that are written value by value
  std::vector<uint64_t> nested_offsets_;
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
      case arrow::Type::DURATION:
        return AppendFixed<arrow::DurationBuilder>(builder);
      case arrow::Type::INTERVAL_MONTHS:
        return AppendFixed<arrow::MonthIntervalBuilder>(builder);
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
    case arrow::Type::DURATION:
    case arrow::Type::INTERVAL_MONTHS:
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
  std::vector<ColumnWriter> writers;
  writers.reserve(keys.size());
  for (const auto& key : keys) writers.emplace_back(*key, rows);
  std::vector<uint64_t> places(static_cast<size_t>(rows), 0);
  for (const ColumnWriter& writer : writers) writer.AddSizes(places.data());
  offsets->resize(static_cast<size_t>(rows) + 1);
  uint64_t total = 0;
  for (size_t row = 0; row < places.size(); ++row) {
    (*offsets)[row] = total;
    total += std::exchange(places[row], total);
  }
  offsets->back() = total;
  bytes->resize(total);
  for (const ColumnWriter& writer : writers) writer.Write(bytes->data(), places.data());
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
