// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "connectors/kafka/data_loss.h"
#include "connectors/kafka/topic_partition.h"

// Which offsets a batch covers: pure functions of offsets, as Spark computes them.
namespace sluice {

// Shares `limit` records over the partitions of `until` in proportion to their backlog since `from` (both with every
// partition): a share of 1 or more is rounded down, one below 1 up; never past `until`.
PartitionOffsets LimitByRate(int64_t limit, const PartitionOffsets& from, const PartitionOffsets& until);

// Records from `from` to `until`; a partition that `from` does not know counts from 0.
double CountNewRecords(const PartitionOffsets& from, const PartitionOffsets& until);

// Partitions of `until` that `from` does not know.
std::vector<TopicPartition> NewPartitions(const PartitionOffsets& from, const PartitionOffsets& until);
// True when a partition's end in `until` lies before `from`, or is missing.
bool GoesBack(const PartitionOffsets& from, const PartitionOffsets& until);
// What `until` shows to be lost since `from`: deleted partitions, ends that went back.
std::vector<DataLoss> FindLosses(const PartitionOffsets& from, const PartitionOffsets& until);

struct RangePlan {
  std::vector<OffsetRange> ranges;  // not empty ones, by partition
  std::vector<DataLoss> losses;
};

// The ranges of a batch [from, until). `new_earliest`: the earliest offsets of NewPartitions; one that is missing is
// lost.
RangePlan PlanRanges(const PartitionOffsets& from, const PartitionOffsets& until, const PartitionOffsets& new_earliest);

// Cuts ranges so that each has at most `max_records` and there are about `min_partitions` of them or more; large ones
// are cut first, in equal parts.
std::vector<OffsetRange> SplitRanges(const std::vector<OffsetRange>& ranges, std::optional<int64_t> min_partitions,
                                     std::optional<int64_t> max_records);

struct LagMetrics {
  int64_t min = 0;
  int64_t max = 0;
  double average = 0;
};

// Offsets that `consumed` is behind `latest`; nothing without partitions.
std::optional<LagMetrics> LagBehind(const PartitionOffsets& consumed, const PartitionOffsets& latest);

}  // namespace sluice
