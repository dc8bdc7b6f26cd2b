// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "connectors/kafka/consumer.h"
#include "connectors/kafka/kafka_options.h"
#include "env/clock.h"

namespace sluice {

// Asks Kafka for the offsets that planning needs, and asks again where an answer may be stale. Thread-compatible.
class KafkaOffsetReader {
 public:
  // `passed_over`: see ReportDataLoss.
  KafkaOffsetReader(std::shared_ptr<KafkaConsumer> consumer, KafkaOptions options, Clock* clock,
                    std::atomic<int64_t>* passed_over = nullptr)
      : consumer_(std::move(consumer)), options_(std::move(options)), clock_(clock), passed_over_(passed_over) {}

  // Where a new query begins, by the starting options.
  Result<PartitionOffsets> Start();
  // Where a batch query ends, by the ending options.
  Result<PartitionOffsets> End();
  // The ends now. Never stale against `known` (SPARK-26267, SPARK-41375): an end below a known offset, or a known
  // partition that is missing, is asked for again; what then remains is a data loss for the caller to report.
  Result<PartitionOffsets> Latest(const PartitionOffsets& known);
  Result<PartitionOffsets> Earliest(const std::vector<TopicPartition>& partitions);

 private:
  Result<std::vector<TopicPartition>> Partitions();
  Result<PartitionOffsets> Resolve(const OffsetLimit& limit, bool starting);
  Result<PartitionOffsets> ResolveOffsets(const std::vector<TopicPartition>& partitions, const OffsetLimit& limit,
                                          bool starting);
  Result<PartitionOffsets> ResolveTimestamps(PartitionOffsets asked, const OffsetLimit& limit);
  Status CheckStart(const PartitionOffsets& given, PartitionOffsets* resolved);
  void WaitForRetry();

  std::shared_ptr<KafkaConsumer> consumer_;
  KafkaOptions options_;
  Clock* clock_;
  std::atomic<int64_t>* passed_over_;
};

}  // namespace sluice
