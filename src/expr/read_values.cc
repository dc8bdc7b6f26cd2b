// SPDX-License-Identifier: Apache-2.0
#include "expr/read_values.h"

#include <fmt/format.h>

#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

template <typename Builder, typename Value>
Status Put(arrow::ArrayBuilder* builder, Value value) {
  return static_cast<Builder*>(builder)->Append(value);
}

}  // namespace

ReadColumn::ReadColumn(const arrow::DataType& type, arrow::ArrayBuilder* builder) : id_(type.id()), builder_(builder) {
  const auto add = [this](const arrow::DataType& child_type, arrow::ArrayBuilder* child) {
    children_.push_back(std::unique_ptr<ReadColumn>(new ReadColumn(child_type, child)));
  };
  if (id_ == arrow::Type::STRUCT) {
    for (int i = 0; i < type.num_fields(); ++i)
      add(*type.field(i)->type(), static_cast<arrow::StructBuilder*>(builder)->field_builder(i));
  } else if (id_ == arrow::Type::LIST) {
    add(*type.field(0)->type(), static_cast<arrow::ListBuilder*>(builder)->value_builder());
  } else if (id_ == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    add(*map.key_type(), static_cast<arrow::MapBuilder*>(builder)->key_builder());
    add(*map.item_type(), static_cast<arrow::MapBuilder*>(builder)->item_builder());
  }
}

Result<std::unique_ptr<ReadColumn>> ReadColumn::Make(const std::shared_ptr<arrow::DataType>& type,
                                                     arrow::MemoryPool* pool) {
  SLUICE_ASSIGN(auto builder, arrow::MakeBuilder(type, pool));
  std::unique_ptr<ReadColumn> column(new ReadColumn(*type, builder.get()));
  column->owned_ = std::move(builder);
  return column;
}

Status ReadColumn::Append(const ReadValue& value, const ReadValues& values) {
  if (value.kind == ReadValue::kNull) return builder_->AppendNull();
  switch (id_) {
    case arrow::Type::BOOL:
      return Put<arrow::BooleanBuilder>(builder_, value.integer != 0);
    case arrow::Type::INT8:
      return Put<arrow::Int8Builder>(builder_, static_cast<int8_t>(value.integer));
    case arrow::Type::INT16:
      return Put<arrow::Int16Builder>(builder_, static_cast<int16_t>(value.integer));
    case arrow::Type::INT32:
      return Put<arrow::Int32Builder>(builder_, static_cast<int32_t>(value.integer));
    case arrow::Type::INT64:
      return Put<arrow::Int64Builder>(builder_, value.integer);
    case arrow::Type::FLOAT:
      return Put<arrow::FloatBuilder>(builder_, static_cast<float>(value.real));
    case arrow::Type::DOUBLE:
      return Put<arrow::DoubleBuilder>(builder_, value.real);
    case arrow::Type::DECIMAL128:
      return Put<arrow::Decimal128Builder>(builder_, value.decimal);
    case arrow::Type::DATE32:
      return Put<arrow::Date32Builder>(builder_, static_cast<int32_t>(value.integer));
    case arrow::Type::TIMESTAMP:
      return Put<arrow::TimestampBuilder>(builder_, value.integer);
    case arrow::Type::STRING_VIEW:
      return Put<arrow::StringViewBuilder>(builder_, value.text);
    case arrow::Type::BINARY_VIEW:
      return Put<arrow::BinaryViewBuilder>(builder_, value.text);
    case arrow::Type::STRUCT:
      SLUICE_RETURN_IF_ERROR(static_cast<arrow::StructBuilder*>(builder_)->Append());
      break;
    case arrow::Type::LIST:
      SLUICE_RETURN_IF_ERROR(static_cast<arrow::ListBuilder*>(builder_)->Append());
      break;
    case arrow::Type::MAP:
      SLUICE_RETURN_IF_ERROR(static_cast<arrow::MapBuilder*>(builder_)->Append());
      break;
    default:
      return builder_->AppendNull();
  }
  // A struct has a child a field, a map has keys and items in turn, a list one child.
  for (size_t i = 0; i < value.size; ++i) {
    ReadColumn& child = *children_[i % children_.size()];
    SLUICE_RETURN_IF_ERROR(child.Append(values[value.first + i], values));
  }
  return Status::OK();
}

Result<RecordColumn> RecordColumn::Make(const std::shared_ptr<arrow::DataType>& type, int corrupt_field, ParseMode mode,
                                        arrow::MemoryPool* pool) {
  RecordColumn records;
  SLUICE_ASSIGN(records.column_, ReadColumn::Make(type, pool));
  records.type_ = type;
  records.corrupt_field_ = corrupt_field;
  records.mode_ = mode;
  return records;
}

Status RecordColumn::Malformed(std::string_view cause, std::string_view record) {
  constexpr size_t kShown = 1000;
  return UserError(
      fmt::format("MALFORMED_RECORD_IN_PARSING.{}", cause),
      fmt::format("A record is malformed, and the mode is FAILFAST: {}. The mode PERMISSIVE reads what does "
                  "not fit as NULL.",
                  record.substr(0, kShown)));
}

Status RecordColumn::AppendValue(RecordOutcome outcome, const ReadValue& value, const ReadValues& values,
                                 std::string_view record) {
  if (outcome == RecordOutcome::kAbsent) return column_->AppendNull();
  if (type_->id() != arrow::Type::STRUCT)
    return outcome == RecordOutcome::kMalformed ? column_->AppendNull() : column_->Append(value, values);
  SLUICE_RETURN_IF_ERROR(static_cast<arrow::StructBuilder*>(column_->builder())->Append());
  size_t from = value.first;
  for (int i = 0; i < type_->num_fields(); ++i) {
    ReadColumn* field = column_->child(static_cast<size_t>(i));
    if (i == corrupt_field_) {
      // Of a CSV line without a character Spark has no text.
      const bool shown = IsBad(outcome) && !record.empty();
      SLUICE_RETURN_IF_ERROR(shown ? Put<arrow::StringViewBuilder>(field->builder(), record) : field->AppendNull());
    } else if (outcome == RecordOutcome::kMalformed) {
      SLUICE_RETURN_IF_ERROR(field->AppendNull());
    } else {
      SLUICE_RETURN_IF_ERROR(field->Append(values[from++], values));
    }
  }
  return Status::OK();
}

Result<int> FindCorruptField(const arrow::DataType& type, const TextOptions& options) {
  if (type.id() != arrow::Type::STRUCT) return -1;
  const std::string name = options.Find("columnNameOfCorruptRecord").value_or("_corrupt_record");
  for (int i = 0; i < type.num_fields(); ++i) {
    if (type.field(i)->name() != name) continue;
    if (type.field(i)->type()->Equals(StringType())) return i;
    return UserError("INVALID_CORRUPT_RECORD_TYPE",
                     fmt::format("The column {} for corrupt records must be a nullable STRING, not {}.", name,
                                 SparkTypeName(*type.field(i)->type())));
  }
  return -1;
}

std::shared_ptr<arrow::DataType> WithoutField(const std::shared_ptr<arrow::DataType>& type, int field) {
  if (field < 0) return type;
  arrow::FieldVector fields = type->fields();
  fields.erase(fields.begin() + field);
  return arrow::struct_(std::move(fields));
}

}  // namespace sluice
