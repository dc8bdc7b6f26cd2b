// SPDX-License-Identifier: Apache-2.0
#include "service/result_batches.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

// Largest message that clients take, less what stands around the data.
constexpr int64_t kMostMessageBytes = (128 << 20) - (64 << 10);

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

// The same values under a type of the same shape.
std::shared_ptr<arrow::ArrayData> Retyped(const arrow::ArrayData& data, const std::shared_ptr<arrow::DataType>& type) {
  auto copy = std::make_shared<arrow::ArrayData>(data);
  copy->type = type;
  for (size_t i = 0; i < copy->child_data.size(); ++i) {
    copy->child_data[i] = Retyped(*copy->child_data[i], type->field(static_cast<int>(i))->type());
  }
  return copy;
}

Result<std::string> StreamOf(const arrow::RecordBatch& batch) {
  SLUICE_ASSIGN(auto sink, arrow::io::BufferOutputStream::Create());
  SLUICE_ASSIGN(auto writer, arrow::ipc::MakeStreamWriter(sink, batch.schema()));
  SLUICE_RETURN_IF_ERROR(writer->WriteRecordBatch(batch));
  SLUICE_RETURN_IF_ERROR(writer->Close());
  SLUICE_ASSIGN(const auto buffer, sink->Finish());
  return buffer->ToString();
}

}  // namespace

ResultBatches::ResultBatches(std::shared_ptr<arrow::Schema> schema, std::string zone, ResultLimits limits, Sink sink)
    : schema_(std::move(schema)), zone_(std::move(zone)), limits_(limits), sink_(std::move(sink)) {}

Result<std::shared_ptr<arrow::RecordBatch>> ResultBatches::ForClient(
    const std::shared_ptr<arrow::RecordBatch>& rows) const {
  SLUICE_ASSIGN(const auto plain, ToPlainBatch(rows));
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < plain->num_columns(); ++i) {
    const auto type = InZone(plain->column(i)->type(), zone_);
    const auto& field = *schema_->field(i);
    fields.push_back(arrow::field(field.name(), type, field.nullable()));
    columns.push_back(arrow::MakeArray(Retyped(*plain->column(i)->data(), type)));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), plain->num_rows(), std::move(columns));
}

Status ResultBatches::Add(const std::shared_ptr<arrow::RecordBatch>& rows) {
  SLUICE_ASSIGN(const auto batch, ForClient(rows));
  for (int64_t at = 0; at < batch->num_rows(); at += limits_.rows) {
    SLUICE_RETURN_IF_ERROR(Send(batch->Slice(at, std::min(limits_.rows, batch->num_rows() - at))));
  }
  return Status::OK();
}

Status ResultBatches::Send(const std::shared_ptr<arrow::RecordBatch>& batch) {
  SLUICE_ASSIGN(std::string data, StreamOf(*batch));
  const auto size = static_cast<int64_t>(data.size());
  if (size > limits_.batch_bytes && batch->num_rows() > 1) {
    const int64_t half = batch->num_rows() / 2;
    SLUICE_RETURN_IF_ERROR(Send(batch->Slice(0, half)));
    return Send(batch->Slice(half));
  }
  const int64_t chunk = limits_.message_bytes > 0 ? limits_.message_bytes : std::max<int64_t>(size, 1);
  if (limits_.message_bytes == 0 && size > kMostMessageBytes) {
    return UserError("SLUICE_RESULT_TOO_LARGE",
                     fmt::format("A row of the result has {} bytes; a message to this client may have {}.", size,
                                 kMostMessageBytes));
  }
  const int64_t chunks = (size + chunk - 1) / chunk;
  for (int64_t i = 0; i < chunks; ++i) {
    spark::connect::ExecutePlanResponse response;
    auto* out = response.mutable_arrow_batch();
    out->set_row_count(batch->num_rows());
    out->set_start_offset(rows_);
    if (limits_.message_bytes > 0) {
      out->set_chunk_index(i);
      out->set_num_chunks_in_batch(chunks);
    }
    if (chunks == 1) {
      out->set_data(std::move(data));
    } else {
      out->set_data(data.data() + i * chunk, static_cast<size_t>(std::min(chunk, size - i * chunk)));
    }
    SLUICE_RETURN_IF_ERROR(sink_(std::move(response)));
  }
  rows_ += batch->num_rows();
  sent_ = true;
  return Status::OK();
}

Status ResultBatches::Finish() {
  if (sent_) return Status::OK();
  SLUICE_ASSIGN(const auto empty, arrow::RecordBatch::MakeEmpty(schema_));
  SLUICE_ASSIGN(const auto batch, ForClient(empty));
  return Send(batch);
}

}  // namespace sluice
