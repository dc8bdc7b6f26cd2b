// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/data_loss.h"

#include <fmt/format.h>

#include "base/logging.h"
#include "base/process_metrics.h"

namespace sluice {
namespace {

std::string Join(const std::vector<TopicPartition>& partitions) {
  std::string text;
  for (const TopicPartition& tp : partitions) text += (text.empty() ? "" : ", ") + tp.ToString();
  return text;
}

}  // namespace

DataLoss InitialOffsetNotFound(const std::vector<TopicPartition>& partitions) {
  return {"KAFKA_DATA_LOSS.INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS",
          fmt::format("The first offsets of the new partitions {} could not be found; they may have been deleted.",
                      Join(partitions)),
          {{"partitions", Join(partitions)}}};
}

DataLoss AddedPartitionDoesNotStartAtZero(const TopicPartition& partition, int64_t earliest) {
  return {"KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO",
          fmt::format("The new partition {} starts at offset {} and not at 0; what was before is gone.",
                      partition.ToString(), earliest),
          {{"topicPartition", partition.ToString()}, {"startOffset", std::to_string(earliest)}}};
}

DataLoss PartitionsDeleted(const std::vector<TopicPartition>& partitions) {
  return {"KAFKA_DATA_LOSS.PARTITIONS_DELETED",
          fmt::format("The partitions {} are gone; their records that were not read yet are lost.", Join(partitions)),
          {{"partitions", Join(partitions)}}};
}

DataLoss PartitionOffsetChanged(const TopicPartition& partition, int64_t known, int64_t now) {
  return {
      "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED",
      fmt::format("Partition {} ends at offset {}, before the offset {} that was already reached: the topic was made "
                  "again or truncated.",
                  partition.ToString(), now, known),
      {{"topicPartition", partition.ToString()},
       {"prevOffset", std::to_string(known)},
       {"newOffset", std::to_string(now)}}};
}

DataLoss StartOffsetReset(const TopicPartition& partition, int64_t asked, int64_t reset_to) {
  return {"KAFKA_DATA_LOSS.START_OFFSET_RESET",
          fmt::format("startingOffsets asks for offset {} of {}, which is not there; it would become {}.", asked,
                      partition.ToString(), reset_to),
          {{"topicPartition", partition.ToString()},
           {"offset", std::to_string(asked)},
           {"fetchedOffset", std::to_string(reset_to)}}};
}

DataLoss CouldNotReadOffsetRange(const OffsetRange& range, int64_t earliest, int64_t latest) {
  return {"KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE",
          fmt::format("Offsets {} to {} of topic {}, partition {} cannot be read: the broker has {} to {}.",
                      range.begin, range.end, range.partition.topic, range.partition.partition, earliest, latest),
          {{"startOffset", std::to_string(range.begin)},
           {"endOffset", std::to_string(range.end)},
           {"topicPartition", range.partition.ToString()}}};
}

Status ReportDataLoss(const DataLoss& loss, bool fail_on_data_loss, std::atomic<int64_t>* passed_over) {
  if (!fail_on_data_loss) {
    ++TheProcessMetrics().kafka_data_losses;
    if (passed_over != nullptr) ++*passed_over;
    Log(LogLevel::kWarn, "Data loss, going on since failOnDataLoss is false: [{}] {}", loss.error_class, loss.message);
    return Status::OK();
  }
  return EnvironmentError(loss.error_class, loss.message + " Set failOnDataLoss to false to go on with what is there.",
                          /*retryable=*/false, loss.parameters);
}

}  // namespace sluice
