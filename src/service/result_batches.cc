// SPDX-License-Identifier: Apache-2.0
#include "service/result_batches.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "types/spark_batch.h"

namespace sluice {
namespace {

// Largest message that clients take, less what stands around the data.
constexpr int64_t kMostMessageBytes = (128 << 20) - (64 << 10);

}  // namespace

ResultBatches::ResultBatches(std::shared_ptr<arrow::Schema> schema, std::string zone, ResultLimits limits, Sink sink)
    : schema_(std::move(schema)), zone_(std::move(zone)), limits_(limits), sink_(std::move(sink)) {}

Status ResultBatches::Add(const std::shared_ptr<arrow::RecordBatch>& rows) {
  SLUICE_ASSIGN(const auto batch, ToSparkBatch(rows, *schema_, zone_));
  for (int64_t at = 0; at < batch->num_rows(); at += limits_.rows) {
    SLUICE_RETURN_IF_ERROR(Send(batch->Slice(at, std::min(limits_.rows, batch->num_rows() - at))));
  }
  return Status::OK();
}

Status ResultBatches::Send(const std::shared_ptr<arrow::RecordBatch>& batch) {
  SLUICE_ASSIGN(std::string data, ArrowStreamOf(*batch));
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
  SLUICE_ASSIGN(const auto batch, ToSparkBatch(empty, *schema_, zone_));
  return Send(batch);
}

}  // namespace sluice
