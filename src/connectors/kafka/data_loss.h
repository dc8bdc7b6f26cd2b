// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/spark_error.h"
#include "connectors/kafka/topic_partition.h"

namespace sluice {

// Records that are gone, or may be, before they were read: one of Spark's KAFKA_DATA_LOSS classes.
struct DataLoss {
  std::string error_class;
  std::string message;
  ErrorParameters parameters;
};

DataLoss InitialOffsetNotFound(const std::vector<TopicPartition>& partitions);
DataLoss AddedPartitionDoesNotStartAtZero(const TopicPartition& partition, int64_t earliest);
DataLoss PartitionsDeleted(const std::vector<TopicPartition>& partitions);
DataLoss PartitionOffsetChanged(const TopicPartition& partition, int64_t known, int64_t now);
DataLoss StartOffsetReset(const TopicPartition& partition, int64_t asked, int64_t reset_to);
DataLoss CouldNotReadOffsetRange(const OffsetRange& range, int64_t earliest, int64_t latest);

// failOnDataLoss: the error; otherwise a warning and OK, counted for the process and in `passed_over` (may be null).
Status ReportDataLoss(const DataLoss& loss, bool fail_on_data_loss, std::atomic<int64_t>* passed_over);

}  // namespace sluice
