// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/memory_turn.h"
#include "connectors/kafka/consumer.h"
#include "connectors/kafka/kafka_options.h"
#include "connectors/kafka/large_records.h"
#include "connectors/kafka/row_slice.h"
#include "connectors/source.h"

namespace sluice {

// Reads one range of one partition in slices. What a missing record means is decided here (see data_loss.h): gaps of
// compaction, control markers and aborted transactions are skipped in silence, records that are gone are reported.
// The range ends with the record at or beyond its end, or with the end of the partition there.
class KafkaRangeReader : public SliceReader {
 public:
  struct Limits {
    bool fail_on_data_loss = true;
    int64_t poll_timeout_ms = 120000;
    // 0: any. A larger record is an error that names the memory setting; with keep_records it is passed over.
    int64_t max_record_bytes = 0;
    std::atomic<int64_t>* passed_over = nullptr;  // counts losses without an error
    // For RecordOf: keys, values and headers are read whether they are columns or not. A record that is too large, and
    // a batch of records that cannot be unpacked, are passed over then (TakeUnreadable).
    bool keep_records = false;
    std::shared_ptr<LargeRecords> large_records;  // null: large records are read whatever memory they take
  };
  KafkaRangeReader(std::shared_ptr<KafkaConsumer> consumer, OffsetRange range, const std::vector<int>& columns,
                   bool include_headers, Limits limits, Clock* clock);

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override;
  Result<SourceRecord> RecordOf(int64_t row) const override;
  std::vector<std::pair<SourceRecord, Status>> TakeUnreadable() override { return std::exchange(unreadable_, {}); }
  void Cancel() override;

 private:
  Status Open();
  void Close();
  bool HasRoomFor(int64_t record_bytes);
  Status CancelledReading() const;
  Status Step();
  Status TakeRecord(const KafkaRecord& record);
  Status TooLarge(const KafkaRecord& record, int64_t size);
  Status AtEndOfPartition(int64_t position);
  Status LookBeyondEnd();
  Status WaitLonger();
  Status SeekAfterOutOfRange();
  Status PassOver(const FetchStep& batch);
  // Sets a record aside without its bytes.
  void LeaveOut(int64_t offset, Status reason);
  std::string PlaceOfOffset(int64_t offset) const;
  Result<bool> MeetsBatch(int64_t first_offset);
  Status CheckGap();
  Result<OffsetRange> Available();  // [earliest, latest) that the broker has now

  std::shared_ptr<KafkaConsumer> consumer_;
  OffsetRange range_;
  Limits limits_;
  Clock* clock_;
  MemoryTurn room_;  // for large records; before the fetch, which must be gone when it is given back
  KafkaSliceBuilder builder_;
  std::unique_ptr<PartitionFetch> fetch_;
  std::mutex fetch_mutex_;  // guards the pointer against Cancel
  std::atomic<bool> cancelled_{false};

  int64_t next_ = 0;  // the offset expected next
  bool done_ = false;
  bool slice_full_ = false;
  int64_t gap_from_ = -1;         // first expected offset of this slice that was not there
  bool progressed_ = false;       // a record came since it was last waited: a clock is not read for every record
  int64_t last_progress_ns_ = 0;  // when waiting began
  int64_t short_since_ns_ = -1;   // since when the partition ends before the range does
  int out_of_range_count_ = 0;
  std::vector<KafkaHeader> headers_;
  std::vector<int64_t> slice_offsets_;  // of the last slice, for PlaceOf
  const std::vector<int> columns_;
  std::shared_ptr<arrow::RecordBatch> kept_;  // all columns of the last slice, with keep_records
  std::vector<std::pair<SourceRecord, Status>> unreadable_;
};

}  // namespace sluice
