// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/kafka/consumer.h"
#include "connectors/source_record.h"

namespace sluice {

// The columns of a Kafka row, in order.
enum KafkaColumn { kKey, kValue, kTopic, kPartition, kOffset, kTimestamp, kTimestampType, kHeaders };
std::shared_ptr<arrow::Schema> KafkaSchema(bool include_headers);

// A row of a slice that has every column of KafkaSchema(true).
Result<SourceRecord> KafkaRecordOf(const arrow::RecordBatch& slice, int64_t row);

// A slice ends at this many rows, or before the record with which keys, values and headers (where they are read) would
// exceed so many bytes; a larger record is a slice of its own. Constants, so that a re-run cuts the same slices.
constexpr int64_t kSliceRows = 1024;
constexpr int64_t kSliceBytes = 1 << 20;

// Bytes of a record; `headers` are those that were read.
int64_t RecordBytes(const KafkaRecord& record, const std::vector<KafkaHeader>& headers);

// Gathers records of one partition into a RecordBatch of the needed columns. Payloads are copied once, back to back,
// into one buffer of the slice that the binary views point into. One thread at a time.
class KafkaSliceBuilder {
 public:
  // `columns`: indices into KafkaSchema, ascending.
  KafkaSliceBuilder(TopicPartition partition, std::vector<int> columns, bool include_headers);
  ~KafkaSliceBuilder();

  bool needs_headers() const { return needs_headers_; }
  int64_t rows() const { return static_cast<int64_t>(offsets_.size()); }
  // False: the slice must be finished before a record of so many bytes.
  bool Fits(int64_t record_bytes) const;
  // No record whatever fits any more.
  bool full() const { return rows() == kSliceRows || bytes_ > kSliceBytes; }
  Status Append(const KafkaRecord& record, const std::vector<KafkaHeader>& headers);
  // The rows gathered; the builder is empty again. Offsets of the rows are handed over as well.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish(std::vector<int64_t>* offsets);

 private:
  struct Binary;   // a column of views
  struct Headers;  // the column of headers
  Result<std::shared_ptr<arrow::Array>> FinishColumn(int column, const std::shared_ptr<arrow::Buffer>& arena);
  Status Copy(const char* data, size_t size, Binary* column);
  Status ReserveArena(int64_t more);

  TopicPartition partition_;
  std::vector<int> columns_;
  std::shared_ptr<arrow::Schema> schema_;
  bool needs_headers_ = false;
  bool needs_times_ = false;
  int64_t bytes_ = 0;  // of keys and values, needed or not, and of headers
  // Payloads of the open slice; taken over again by the next one when nobody holds the last one any more.
  std::shared_ptr<arrow::ResizableBuffer> arena_;
  int64_t arena_used_ = 0;
  std::unique_ptr<Binary> keys_, values_;
  std::unique_ptr<Headers> headers_;
  std::vector<int64_t> offsets_, timestamps_us_;
  std::vector<int32_t> timestamp_types_;
};

}  // namespace sluice
