// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/kafka/consumer.h"

namespace sluice {

// Kafka in memory, for tests: topics that the test fills, cuts, deletes and makes fail. Deterministic; thread-safe.
class ScriptedConsumer : public KafkaConsumer, public std::enable_shared_from_this<ScriptedConsumer> {
 public:
  struct Record {
    std::optional<std::string> key;
    std::optional<std::string> value;
    int64_t timestamp_ms = 0;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  };

  // Called before every call with its name ("ListPartitions", "ListOffsets", "OpenFetch", "Peek", "Seek"); an error it
  // returns is the call's. May change the topics.
  std::function<Status(const std::string& call)> on_call;
  // Called instead of waiting when Peek has nothing: a test moves its clock or adds records here.
  std::function<void(int timeout_ms)> on_wait;

  void AddPartition(const TopicPartition& partition, int64_t first_offset = 0);
  void DropPartition(const TopicPartition& partition);
  // At the partition's end; returns the offset. Creates the partition when it is not there.
  int64_t Append(const TopicPartition& partition, Record record);
  int64_t Append(const TopicPartition& partition, const std::string& value);
  // Offsets without a visible record: control markers, aborted or compacted records.
  void AppendInvisible(const TopicPartition& partition, int64_t count);
  // One compressed batch of records, that cannot be unpacked.
  void MakeUnreadable(const TopicPartition& partition, int64_t begin, int64_t end);
  // Retention: records below `offset` are gone, and the partition begins there.
  void DeleteBefore(const TopicPartition& partition, int64_t offset);
  // An unclean leader election: records from `offset` on are gone, and the partition ends there.
  void Truncate(const TopicPartition& partition, int64_t offset);
  // The next answer to a question for latest offsets (a stale leader's).
  void PushLatest(PartitionOffsets answer);
  // The next answer to ListPartitions (empty metadata).
  void PushPartitions(std::vector<TopicPartition> answer);
  int opened_fetches() const;  // how many OpenFetch calls there were

  Result<std::vector<TopicPartition>> ListPartitions(const TopicChoice& choice) override;
  Result<PartitionOffsets> ListOffsets(const PartitionOffsets& asked) override;
  Result<std::unique_ptr<PartitionFetch>> OpenFetch(const TopicPartition& partition, int64_t offset) override;
  std::unique_ptr<OffsetGroup> OpenGroup(const std::string& group) override;
  // What was committed to the group last; empty: nothing.
  PartitionOffsets GroupOffsets(const std::string& group) const;

 private:
  class Fetch;
  class Group;
  struct Partition {
    int64_t begin = 0;
    int64_t end = 0;
    std::map<int64_t, std::shared_ptr<const Record>> records;
    std::vector<std::pair<int64_t, int64_t>> unreadable;
  };
  Status Called(const std::string& call);

  mutable std::mutex mutex_;
  std::map<TopicPartition, Partition> partitions_;
  std::deque<PartitionOffsets> latest_answers_;
  std::deque<std::vector<TopicPartition>> partition_answers_;
  std::map<std::string, PartitionOffsets> groups_;
  int opened_fetches_ = 0;
};

}  // namespace sluice
