// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/kafka/consumer.h"
#include "connectors/kafka/data_loss.h"
#include "connectors/kafka/kafka_options.h"
#include "connectors/kafka/offset_reader.h"
#include "connectors/kafka/range_reader.h"
#include "connectors/registry.h"
#include "connectors/source.h"

namespace sluice {

// What makes readers of ranges: shared by the stream and the batch source. Thread-safe after construction.
class KafkaTasks {
 public:
  // `passed_over`: see ReportDataLoss. `large_records`: see KafkaRangeReader. Both may be null.
  KafkaTasks(const SourceContext& context, KafkaOptions options, std::shared_ptr<KafkaConsumer> consumer,
             std::atomic<int64_t>* passed_over, std::shared_ptr<LargeRecords> large_records);
  // One task a range, after minPartitions and maxRecordsPerPartition.
  std::vector<InputPartition> Plan(const std::vector<OffsetRange>& ranges) const;
  Result<std::unique_ptr<SliceReader>> Open(const InputPartition& input, const std::vector<int>& columns);

 private:
  std::shared_ptr<Env> env_;
  KafkaOptions options_;
  std::shared_ptr<KafkaConsumer> consumer_;
  KafkaRangeReader::Limits limits_;
};

// The stream source `kafka`. One thread at a time, except OpenReader.
class KafkaSource : public StreamSource {
 public:
  // `consumer` is the seam: the real one, or a scripted one in tests.
  KafkaSource(const SourceContext& context, KafkaOptions options, std::shared_ptr<KafkaConsumer> consumer);

  std::string description() const override { return "KafkaV2[" + options_.choice_text + "]"; }
  Result<std::string> InitialOffset() override;
  Result<std::optional<std::string>> LatestOffset(const std::string& start) override;
  Result<std::vector<InputPartition>> PlanTasks(const std::string& start, const std::string& end) override;
  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                  const std::vector<int>& columns) override;
  Status Committed(const std::string& end, std::map<std::string, std::string>* metrics,
                   std::optional<std::string>* latest) override;

 private:
  Result<PartitionOffsets> FetchLatest(const PartitionOffsets& known);
  Status Report(const std::vector<DataLoss>& losses);
  bool WaitForMore(const PartitionOffsets& from, const PartitionOffsets& latest);

  std::shared_ptr<Env> env_;
  std::optional<Location> checkpoint_;
  bool available_now_;
  bool ignore_rate_limits_;
  bool began_;
  KafkaOptions options_;
  std::atomic<int64_t> passed_over_{0};  // losses since the query was started
  KafkaOffsetReader offsets_;
  KafkaTasks tasks_;
  std::shared_ptr<KafkaConsumer> consumer_;
  std::unique_ptr<OffsetGroup> group_;      // null: nobody is told how far the query is
  std::optional<PartitionOffsets> frozen_;  // the end of an AvailableNow run
  PartitionOffsets latest_;                 // newest known
  std::optional<int64_t> last_trigger_ns_;  // for maxTriggerDelay; monotonic, none before the first
};

// A finite read of a Kafka topic.
class KafkaBatchSource : public BatchSource {
 public:
  KafkaBatchSource(const SourceContext& context, KafkaOptions options, std::shared_ptr<KafkaConsumer> consumer);
  Result<std::vector<InputPartition>> PlanTasks() override;
  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                  const std::vector<int>& columns) override;

 private:
  KafkaOptions options_;
  KafkaOffsetReader offsets_;
  KafkaTasks tasks_;
};

}  // namespace sluice
