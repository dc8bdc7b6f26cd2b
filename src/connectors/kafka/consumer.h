// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connectors/kafka/topic_partition.h"

namespace sluice {

// Which partitions a query reads; exactly one of the three is set.
struct TopicChoice {
  std::vector<std::string> topics;         // subscribe
  std::string pattern;                     // subscribePattern: a whole-name regular expression
  std::vector<TopicPartition> assignment;  // assign
};

// A record above this counts for itself: it comes whole, however small the fetches are.
inline constexpr int64_t kLargeRecordBytes = 4 << 20;

// A record, pointing into memory of the fetch: valid until Pop, Seek or the fetch's end.
struct KafkaRecord {
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  int32_t timestamp_type = 0;  // as in Spark's column: 0 create time, 1 log append time, -1 none
  const char* key = nullptr;   // null: no key
  size_t key_size = 0;
  const char* value = nullptr;  // null: a tombstone
  size_t value_size = 0;
  const void* handle = nullptr;  // for ReadHeaders
};

struct KafkaHeader {
  std::string_view key;
  const char* value = nullptr;  // null: no value
  size_t value_size = 0;
};

enum class FetchEvent {
  kRecord,      // the record at the front
  kEnd,         // the partition ends at `position` for now
  kNothing,     // nothing came within the time given
  kOutOfRange,  // the broker does not have the asked offset; Seek goes on elsewhere
  kUnreadable,  // the batch of records that begins at `position` cannot be unpacked; only Seek goes on
};

struct FetchStep {
  FetchEvent event = FetchEvent::kNothing;
  KafkaRecord record;    // kRecord
  int64_t position = 0;  // kEnd: the next offset
  Status error;          // kUnreadable: why, with its place and a way out
};

// Reads one partition from an offset on. One thread at a time, except Interrupt.
class PartitionFetch {
 public:
  virtual ~PartitionFetch() = default;
  // Looks at what is at the front, waiting up to `timeout_ms`. Never a record below the position asked for. Errors are
  // those that waiting does not cure (authentication, corrupt data, a record that is too large).
  virtual Result<FetchStep> Peek(int timeout_ms) = 0;
  // Takes the record that Peek gave.
  virtual void Pop() = 0;
  virtual Status Seek(int64_t offset) = 0;
  // Headers of the record that Peek gave.
  virtual Status ReadHeaders(const KafkaRecord& record, std::vector<KafkaHeader>* headers) = 0;
  // Makes a waiting Peek return early. Any thread.
  virtual void Interrupt() = 0;
};

// Offsets of a consumer group that nobody joins: they are written so that Kafka's own tools show how far a query is.
// Nothing is ever read from them. One thread at a time.
class OffsetGroup {
 public:
  virtual ~OffsetGroup() = default;
  // Does not wait. A failure is a warning and a number among the metrics.
  virtual void Commit(const PartitionOffsets& next) = 0;
};

// The seam to Kafka: made once a query and kept for all its batches. Thread-safe. Passing trouble (a broker restarts, a
// leader moves) is waited out inside, up to the client's time-out; what does not pass is an EnvironmentError at once.
class KafkaConsumer {
 public:
  virtual ~KafkaConsumer() = default;
  // Existing partitions of the choice, in order. A topic or partition that does not exist is left out.
  virtual Result<std::vector<TopicPartition>> ListPartitions(const TopicChoice& choice) = 0;
  // One batched request. `asked`: kEarliestOffset, kLatestOffset (by the isolation level), or a time in ms since 1970,
  // whose answer is the first offset at or after it, or -1 when there is none. Partitions that do not exist are left
  // out.
  virtual Result<PartitionOffsets> ListOffsets(const PartitionOffsets& asked) = 0;
  // Starts at `offset`, without a seek when the last fetch of the partition ended there. One open fetch a partition and
  // range; a second one of the same partition reads on its own.
  virtual Result<std::unique_ptr<PartitionFetch>> OpenFetch(const TopicPartition& partition, int64_t offset) = 0;
  // Must not outlive the consumer. Null: this consumer knows no groups.
  virtual std::unique_ptr<OffsetGroup> OpenGroup(const std::string& group) { return nullptr; }
};

}  // namespace sluice
