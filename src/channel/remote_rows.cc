// SPDX-License-Identifier: Apache-2.0
#include "channel/remote_rows.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>

#include "analysis/connect_types.h"
#include "base/spark_error.h"
#include "types/spark_batch.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

// A message holds a whole stream of one batch.
Result<std::shared_ptr<arrow::RecordBatch>> Decode(std::string data) {
  auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(data)));
  SLUICE_ASSIGN(const auto reader, arrow::ipc::RecordBatchStreamReader::Open(source));
  std::shared_ptr<arrow::RecordBatch> batch;
  SLUICE_RETURN_IF_ERROR(reader->ReadNext(&batch));
  if (batch == nullptr) {
    SLUICE_ASSIGN(batch, arrow::RecordBatch::MakeEmpty(reader->schema()));
  }
  // Bytes from outside: what they point to has to be there.
  SLUICE_RETURN_IF_ERROR(batch->ValidateFull());
  return ToEngineBatch(batch);
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeChecked(std::string data, int64_t rows) {
  const auto batch = Decode(std::move(data));
  if (!batch.ok()) {
    if (FindSparkError(batch.status()) != nullptr) return batch.status();
    return EnvironmentError("SLUICE_REMOTE.FAILED",
                            "The rows of the server cannot be read: " + batch.status().message());
  }
  if ((*batch)->num_rows() == rows) return batch;
  return EnvironmentError("SLUICE_REMOTE.FAILED", "The server sent another number of rows than it said.");
}

// Arrow's types do not say all that Spark's do: the fields of an interval come with the schema alone.
std::shared_ptr<arrow::RecordBatch> AsDeclared(const std::shared_ptr<arrow::RecordBatch>& batch,
                                               const std::shared_ptr<arrow::Schema>& declared) {
  if (declared == nullptr || !batch->schema()->Equals(*declared, /*check_metadata=*/false)) return batch;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch->num_columns(); ++i) {
    columns.push_back(Retyped(*batch->column(i), declared->field(i)->type()));
  }
  return arrow::RecordBatch::Make(declared, batch->num_rows(), std::move(columns));
}

}  // namespace

Result<std::unique_ptr<Operator>> RemoteRows::Open(std::unique_ptr<RemoteOperation> operation) {
  std::unique_ptr<RemoteRows> rows(new RemoteRows(std::move(operation)));
  SLUICE_ASSIGN(rows->first_, rows->ReadBatch());
  if (rows->first_ == nullptr) {
    return EnvironmentError("SLUICE_REMOTE.FAILED", "The server answered a query without rows and without a schema.");
  }
  rows->schema_ = rows->first_->schema();
  return rows;
}

Result<std::shared_ptr<arrow::RecordBatch>> RemoteRows::ReadBatch() {
  for (;;) {
    SLUICE_ASSIGN(auto response, operation_->Next());
    if (!response) return nullptr;
    // A type that the engine lacks is left as it comes: its rows may be read all the same.
    if (response->has_schema()) declared_ = SchemaFromConnect(response->schema()).ValueOr(nullptr);
    if (!response->has_arrow_batch()) continue;
    auto* sent = response->mutable_arrow_batch();
    SLUICE_ASSIGN(const auto batch, DecodeChecked(std::move(*sent->mutable_data()), sent->row_count()));
    return AsDeclared(batch, declared_);
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> RemoteRows::Next() {
  std::shared_ptr<arrow::RecordBatch> batch = std::move(first_);
  while (batch == nullptr || batch->num_rows() == 0) {
    SLUICE_ASSIGN(batch, ReadBatch());
    if (batch == nullptr) return nullptr;
  }
  return batch;
}

}  // namespace sluice
