// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/range_reader.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "connectors/kafka/batch_end_search.h"
#include "connectors/kafka/data_loss.h"

namespace sluice {
namespace {

constexpr int kPeekMs = 100;
// A new leader may know less than was planned for a moment; only then is an end that went back believed.
constexpr int64_t kShortPartitionNs = 5'000'000'000;
constexpr int kMaxOutOfRange = 3;

std::vector<int> EveryColumn() {
  return {kKey, kValue, kTopic, kPartition, kOffset, kTimestamp, kTimestampType, kHeaders};
}

}  // namespace

KafkaRangeReader::KafkaRangeReader(std::shared_ptr<KafkaConsumer> consumer, OffsetRange range,
                                   const std::vector<int>& columns, bool include_headers, Limits limits, Clock* clock)
    : consumer_(std::move(consumer)),
      range_(std::move(range)),
      limits_(std::move(limits)),
      clock_(clock),
      room_(limits_.large_records == nullptr ? nullptr : limits_.large_records->budget()),
      builder_(range_.partition, limits_.keep_records ? EveryColumn() : columns,
               include_headers || limits_.keep_records),
      next_(range_.begin),
      columns_(columns) {}

Status KafkaRangeReader::Open() {
  const int64_t expected = limits_.large_records == nullptr ? 0 : limits_.large_records->expected();
  if (expected > 0 && !room_.Cover(BytesForLargeRecord(expected), cancelled_)) return CancelledReading();
  SLUICE_ASSIGN(auto fetch, consumer_->OpenFetch(range_.partition, next_));
  std::lock_guard lock(fetch_mutex_);
  fetch_ = std::move(fetch);
  last_progress_ns_ = clock_->MonotonicNanos();
  return Status::OK();
}

// What a fetch holds goes with it; the next range of the partition can go on from here.
void KafkaRangeReader::Close() {
  std::lock_guard lock(fetch_mutex_);
  fetch_.reset();
}

// A large record is held, and the next one fetched, only under bytes of the budget: otherwise each task would add two
// of them to what the process holds. The fetch of a reader that must wait is closed, since the record waits in its
// queue.
bool KafkaRangeReader::HasRoomFor(int64_t record_bytes) {
  if (record_bytes <= kLargeRecordBytes || limits_.large_records == nullptr) return true;
  limits_.large_records->Saw(record_bytes);
  if (room_.TryCover(BytesForLargeRecord(record_bytes))) return true;
  Close();
  return false;
}

Status KafkaRangeReader::CancelledReading() const {
  return Status::Cancelled("reading of ", range_.partition.ToString(), " was cancelled");
}

void KafkaRangeReader::Cancel() {
  cancelled_ = true;
  room_.Wake();
  std::lock_guard lock(fetch_mutex_);
  if (fetch_) fetch_->Interrupt();
}

std::string KafkaRangeReader::PlaceOf(int64_t row) const {
  if (row >= 0 && row < static_cast<int64_t>(slice_offsets_.size())) return PlaceOfOffset(slice_offsets_[row]);
  return fmt::format("topic {}, partition {}", range_.partition.topic, range_.partition.partition);
}

std::string KafkaRangeReader::PlaceOfOffset(int64_t offset) const {
  return fmt::format("topic {}, partition {}, offset {}", range_.partition.topic, range_.partition.partition, offset);
}

Result<std::shared_ptr<arrow::RecordBatch>> KafkaRangeReader::Next() {
  slice_full_ = false;
  while (!done_ && !slice_full_) SLUICE_RETURN_IF_ERROR(Step());
  if (gap_from_ >= 0) SLUICE_RETURN_IF_ERROR(CheckGap());
  if (done_ && fetch_) Close();
  if (builder_.rows() == 0) return std::shared_ptr<arrow::RecordBatch>();
  SLUICE_ASSIGN(auto slice, builder_.Finish(&slice_offsets_));
  if (!limits_.keep_records) return slice;
  kept_ = std::move(slice);
  return kept_->SelectColumns(columns_);
}

Result<SourceRecord> KafkaRangeReader::RecordOf(int64_t row) const {
  if (kept_ == nullptr || row < 0 || row >= kept_->num_rows()) return InternalError("a record that was not kept");
  return KafkaRecordOf(*kept_, row);
}

Status KafkaRangeReader::Step() {
  if (cancelled_) return CancelledReading();
  if (next_ >= range_.end) {
    done_ = true;
    return Status::OK();
  }
  if (!fetch_) SLUICE_RETURN_IF_ERROR(Open());
  SLUICE_ASSIGN(const FetchStep step, fetch_->Peek(kPeekMs));
  switch (step.event) {
    case FetchEvent::kRecord:
      return TakeRecord(step.record);
    case FetchEvent::kEnd:
      return AtEndOfPartition(step.position);
    case FetchEvent::kOutOfRange:
      return SeekAfterOutOfRange();
    case FetchEvent::kUnreadable:
      return limits_.keep_records ? PassOver(step) : step.error;
    case FetchEvent::kNothing:
      break;
  }
  return short_since_ns_ < 0 ? WaitLonger() : LookBeyondEnd();
}

Status KafkaRangeReader::TakeRecord(const KafkaRecord& record) {
  if (record.offset < next_) {  // from before a seek
    fetch_->Pop();
    return Status::OK();
  }
  if (record.offset > next_ && gap_from_ < 0) gap_from_ = next_;
  if (record.offset >= range_.end) {
    // Not taken: the next range begins with it.
    next_ = range_.end;
    done_ = true;
    return Status::OK();
  }
  if (builder_.needs_headers()) SLUICE_RETURN_IF_ERROR(fetch_->ReadHeaders(record, &headers_));
  const int64_t size = RecordBytes(record, headers_);
  if (limits_.max_record_bytes > 0 && size > limits_.max_record_bytes) return TooLarge(record, size);
  if (!builder_.Fits(size)) {
    slice_full_ = true;
    return Status::OK();
  }
  if (!HasRoomFor(size)) return Status::OK();  // read again when there is
  SLUICE_RETURN_IF_ERROR(builder_.Append(record, headers_));
  next_ = record.offset + 1;
  fetch_->Pop();
  progressed_ = true;
  short_since_ns_ = -1;
  // Told without a look at the next record: while a large one is written no other one is taken from the queue.
  slice_full_ = builder_.full();
  return Status::OK();
}

// Set aside without its value, which has no room, or the error that names the way out.
Status KafkaRangeReader::TooLarge(const KafkaRecord& record, int64_t size) {
  const Status error =
      WithContext(EnvironmentError("SLUICE_MEMORY_BUDGET",
                                   fmt::format("A record of {} bytes is larger than an eighth of the memory budget ({} "
                                               "bytes). Raise spark.sluice.memory (or --memory) to at least {}m.",
                                               size, limits_.max_record_bytes, (size * 8 >> 20) + 1)),
                  PlaceOfOffset(record.offset));
  if (!limits_.keep_records) return error;
  LeaveOut(record.offset, error);
  next_ = record.offset + 1;
  fetch_->Pop();
  progressed_ = true;
  short_since_ns_ = -1;
  return Status::OK();
}

Status KafkaRangeReader::AtEndOfPartition(int64_t position) {
  if (position >= range_.end) {
    // Nothing visible is left before the end: markers, aborted or compacted records.
    if (next_ < range_.end && gap_from_ < 0) gap_from_ = next_;
    next_ = range_.end;
    done_ = true;
    return Status::OK();
  }
  if (short_since_ns_ < 0) short_since_ns_ = clock_->MonotonicNanos();
  return LookBeyondEnd();
}

// The partition ended before the range does, which librdkafka tells once. Nothing more came for a while: is it gone?
Status KafkaRangeReader::LookBeyondEnd() {
  if (clock_->MonotonicNanos() - short_since_ns_ < kShortPartitionNs) return WaitLonger();
  SLUICE_ASSIGN(const OffsetRange available, Available());
  if (available.end >= range_.end) {
    short_since_ns_ = -1;
    return WaitLonger();
  }
  SLUICE_RETURN_IF_ERROR(
      ReportDataLoss(CouldNotReadOffsetRange({range_.partition, next_, range_.end}, available.begin, available.end),
                     limits_.fail_on_data_loss, limits_.passed_over));
  done_ = true;
  return Status::OK();
}

Status KafkaRangeReader::WaitLonger() {
  const int64_t now = clock_->MonotonicNanos();
  if (progressed_) last_progress_ns_ = now;
  progressed_ = false;
  const int64_t waited_ms = (now - last_progress_ns_) / 1'000'000;
  if (waited_ms < limits_.poll_timeout_ms) return Status::OK();
  return WithContext(
      EnvironmentError("SLUICE_KAFKA.FETCH_TIMEOUT",
                       fmt::format("Cannot fetch record for offset {} within {} ms (kafkaConsumer.pollTimeoutMs).",
                                   next_, limits_.poll_timeout_ms),
                       /*retryable=*/true),
      fmt::format("topic {}, partition {}, offset {}", range_.partition.topic, range_.partition.partition, next_));
}

Result<OffsetRange> KafkaRangeReader::Available() {
  OffsetRange available{range_.partition, 0, 0};
  SLUICE_ASSIGN(const PartitionOffsets earliest, consumer_->ListOffsets({{range_.partition, kEarliestOffset}}));
  SLUICE_ASSIGN(const PartitionOffsets latest, consumer_->ListOffsets({{range_.partition, kLatestOffset}}));
  if (!earliest.empty()) available.begin = earliest.begin()->second;
  if (!latest.empty()) available.end = latest.begin()->second;
  return available;
}

Status KafkaRangeReader::SeekAfterOutOfRange() {
  SLUICE_ASSIGN(const OffsetRange available, Available());
  if (available.begin <= next_ && next_ < available.end && ++out_of_range_count_ <= kMaxOutOfRange) {
    return fetch_->Seek(next_);  // it is there after all
  }
  SLUICE_RETURN_IF_ERROR(
      ReportDataLoss(CouldNotReadOffsetRange({range_.partition, next_, range_.end}, available.begin, available.end),
                     limits_.fail_on_data_loss, limits_.passed_over));
  if (available.begin > next_ && available.begin < range_.end) {
    next_ = available.begin;
    return fetch_->Seek(next_);
  }
  next_ = range_.end;  // nothing of the rest is there
  done_ = true;
  return Status::OK();
}

// Whether a fetch from the place that was sought meets the batch which begins there.
Result<bool> KafkaRangeReader::MeetsBatch(int64_t first_offset) {
  for (;;) {
    if (cancelled_) return CancelledReading();
    SLUICE_ASSIGN(const FetchStep step, fetch_->Peek(kPeekMs));
    if (step.event == FetchEvent::kUnreadable) return step.position == first_offset;
    if (step.event != FetchEvent::kNothing) return false;
    SLUICE_RETURN_IF_ERROR(WaitLonger());
  }
}

void KafkaRangeReader::LeaveOut(int64_t offset, Status reason) {
  SourceRecord record;
  record.topic = range_.partition.topic;
  record.partition = range_.partition.partition;
  record.offset = offset;
  record.left_out = true;
  record.place = PlaceOfOffset(offset);
  unreadable_.emplace_back(std::move(record), std::move(reason));
}

// One entry for the records of the batch that are in the range: what they are nobody can say.
Status KafkaRangeReader::PassOver(const FetchStep& batch) {
  const int64_t begin = std::max(next_, batch.position);
  BatchEndSearch search(begin, range_.end);
  while (const auto offset = search.Next()) {
    SLUICE_RETURN_IF_ERROR(fetch_->Seek(*offset));
    SLUICE_ASSIGN(const bool within, MeetsBatch(batch.position));
    search.Met(*offset, within);
    progressed_ = true;
  }
  LeaveOut(begin, WithHint(batch.error,
                           fmt::format(" It has the offsets {} to {} of what is read here.", begin, search.end() - 1)));
  next_ = search.end();
  return next_ < range_.end ? fetch_->Seek(next_) : Status::OK();
}

Status KafkaRangeReader::CheckGap() {
  // Asked once a slice: the log's start only moves forward, so what it says now holds for every gap of the slice.
  const int64_t from = gap_from_;
  gap_from_ = -1;
  SLUICE_ASSIGN(const PartitionOffsets earliest, consumer_->ListOffsets({{range_.partition, kEarliestOffset}}));
  const int64_t begin = earliest.empty() ? next_ : earliest.begin()->second;
  if (begin <= from) return Status::OK();
  return ReportDataLoss(CouldNotReadOffsetRange({range_.partition, from, range_.end}, begin, std::max(begin, next_)),
                        limits_.fail_on_data_loss, limits_.passed_over);
}

}  // namespace sluice
