// SPDX-License-Identifier: Apache-2.0
#include "types/spark_batch.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>

#include "types/spark_type.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::DataType> InZone(const std::shared_ptr<arrow::DataType>& type, const std::string& zone);

std::shared_ptr<arrow::Field> InZone(const std::shared_ptr<arrow::Field>& field, const std::string& zone) {
  return field->WithType(InZone(field->type(), zone));
}

// Spark names the session's zone in the type of a timestamp; the values are the same.
std::shared_ptr<arrow::DataType> InZone(const std::shared_ptr<arrow::DataType>& type, const std::string& zone) {
  switch (type->id()) {
    case arrow::Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(*type).timezone().empty()) return type;
      return arrow::timestamp(arrow::TimeUnit::MICRO, zone);
    case arrow::Type::LIST:
      return arrow::list(InZone(type->field(0), zone));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(InZone(map.key_field(), zone), InZone(map.item_field(), zone));
    }
    case arrow::Type::STRUCT: {
      std::vector<std::shared_ptr<arrow::Field>> fields;
      for (const auto& field : type->fields()) fields.push_back(InZone(field, zone));
      return arrow::struct_(std::move(fields));
    }
    default:
      return type;
  }
}

std::shared_ptr<arrow::ArrayData> RetypedData(const arrow::ArrayData& data,
                                              const std::shared_ptr<arrow::DataType>& type) {
  auto copy = std::make_shared<arrow::ArrayData>(data);
  copy->type = type;
  for (size_t i = 0; i < copy->child_data.size(); ++i) {
    copy->child_data[i] = RetypedData(*copy->child_data[i], type->field(static_cast<int>(i))->type());
  }
  return copy;
}

}  // namespace

std::shared_ptr<arrow::Array> Retyped(const arrow::Array& values, const std::shared_ptr<arrow::DataType>& type) {
  return arrow::MakeArray(RetypedData(*values.data(), type));
}

Result<std::string> ArrowStreamOf(const arrow::RecordBatch& batch) {
  SLUICE_ASSIGN(auto sink, arrow::io::BufferOutputStream::Create());
  SLUICE_ASSIGN(auto writer, arrow::ipc::MakeStreamWriter(sink, batch.schema()));
  SLUICE_RETURN_IF_ERROR(writer->WriteRecordBatch(batch));
  SLUICE_RETURN_IF_ERROR(writer->Close());
  SLUICE_ASSIGN(const auto buffer, sink->Finish());
  return buffer->ToString();
}

Result<std::shared_ptr<arrow::RecordBatch>> ToSparkBatch(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                         const arrow::Schema& schema, const std::string& zone) {
  SLUICE_ASSIGN(const auto plain, ToPlainBatch(rows));
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < plain->num_columns(); ++i) {
    const auto type = InZone(plain->column(i)->type(), zone);
    const auto& field = *schema.field(i);
    fields.push_back(arrow::field(field.name(), type, field.nullable()));
    columns.push_back(Retyped(*plain->column(i), type));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), plain->num_rows(), std::move(columns));
}

}  // namespace sluice
