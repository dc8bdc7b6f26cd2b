// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/offset_planning.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

std::optional<int64_t> Find(const PartitionOffsets& offsets, const TopicPartition& tp) {
  const auto found = offsets.find(tp);
  return found == offsets.end() ? std::nullopt : std::optional<int64_t>(found->second);
}

// How many of `min_parts` pieces a range deserves among `total` records.
int64_t PartCount(int64_t size, double total, int64_t min_parts) {
  return std::max<int64_t>(std::llround(static_cast<double>(size) / total * static_cast<double>(min_parts)), 1);
}

void Divide(const OffsetRange& range, int64_t parts, std::vector<OffsetRange>* out) {
  int64_t remaining = range.size();
  int64_t begin = range.begin;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t size = remaining / (parts - part);
    remaining -= size;
    if (size > 0) out->push_back({range.partition, begin, begin + size});
    begin += size;
  }
}

double TotalSize(const std::vector<OffsetRange>& ranges) {
  double total = 0;
  for (const OffsetRange& range : ranges) total += static_cast<double>(range.size());
  return total;
}

std::vector<OffsetRange> SplitToAtLeast(const std::vector<OffsetRange>& ranges, int64_t min_partitions) {
  // Ranges too small to be cut stay out of the proportions of the others.
  const double total = TotalSize(ranges);
  const auto is_small = [&](const OffsetRange& range) { return PartCount(range.size(), total, min_partitions) == 1; };
  double small_total = 0;
  int64_t small_count = 0;
  for (const OffsetRange& range : ranges) {
    if (!is_small(range)) continue;
    small_total += static_cast<double>(range.size());
    ++small_count;
  }
  const int64_t parts_left = std::max<int64_t>(min_partitions - small_count, 1);
  std::vector<OffsetRange> split;
  for (const OffsetRange& range : ranges) {
    Divide(range, is_small(range) ? 1 : PartCount(range.size(), total - small_total, parts_left), &split);
  }
  return split;
}

}  // namespace

PartitionOffsets LimitByRate(int64_t limit, const PartitionOffsets& from, const PartitionOffsets& until) {
  const auto backlog = [&](const TopicPartition& tp, int64_t end) {
    const auto begin = Find(from, tp);
    return begin ? std::max<int64_t>(end - *begin, 0) : 0;
  };
  double total = 0;
  for (const auto& [tp, end] : until) total += static_cast<double>(backlog(tp, end));
  if (total < 1) return until;
  PartitionOffsets limited = until;
  for (auto& [tp, end] : limited) {
    const int64_t size = backlog(tp, end);
    if (size == 0) continue;
    const double share = static_cast<double>(limit) * (static_cast<double>(size) / total);
    const double whole = share < 1 ? std::ceil(share) : std::floor(share);
    // Compared as doubles first: a huge limit must not overflow.
    if (whole < static_cast<double>(size)) end = *Find(from, tp) + static_cast<int64_t>(whole);
  }
  return limited;
}

double CountNewRecords(const PartitionOffsets& from, const PartitionOffsets& until) {
  double count = 0;
  for (const auto& [tp, end] : until) count += static_cast<double>(end - Find(from, tp).value_or(0));
  return count;
}

std::vector<TopicPartition> NewPartitions(const PartitionOffsets& from, const PartitionOffsets& until) {
  std::vector<TopicPartition> fresh;
  for (const auto& [tp, end] : until) {
    if (!from.contains(tp)) fresh.push_back(tp);
  }
  return fresh;
}

bool GoesBack(const PartitionOffsets& from, const PartitionOffsets& until) {
  return std::any_of(from.begin(), from.end(), [&](const auto& known) {
    const auto end = Find(until, known.first);
    return !end || *end < known.second;
  });
}

std::vector<DataLoss> FindLosses(const PartitionOffsets& from, const PartitionOffsets& until) {
  std::vector<DataLoss> losses;
  std::vector<TopicPartition> deleted;
  for (const auto& [tp, known] : from) {
    const auto end = Find(until, tp);
    if (!end) {
      deleted.push_back(tp);
    } else if (*end < known) {
      losses.push_back(PartitionOffsetChanged(tp, known, *end));
    }
  }
  if (!deleted.empty()) losses.insert(losses.begin(), PartitionsDeleted(deleted));
  return losses;
}

RangePlan PlanRanges(const PartitionOffsets& from, const PartitionOffsets& until,
                     const PartitionOffsets& new_earliest) {
  RangePlan plan;
  std::vector<TopicPartition> not_found;
  for (const TopicPartition& tp : NewPartitions(from, until)) {
    const auto earliest = Find(new_earliest, tp);
    if (!earliest) {
      not_found.push_back(tp);
    } else if (*earliest != 0) {
      plan.losses.push_back(AddedPartitionDoesNotStartAtZero(tp, *earliest));
    }
  }
  if (!not_found.empty()) plan.losses.insert(plan.losses.begin(), InitialOffsetNotFound(not_found));
  for (DataLoss& loss : FindLosses(from, until)) plan.losses.push_back(std::move(loss));
  for (const auto& [tp, end] : until) {
    const auto known = Find(from, tp);
    const auto begin = known ? known : Find(new_earliest, tp);
    if (begin && *begin < end) plan.ranges.push_back({tp, *begin, end});
  }
  return plan;
}

std::vector<OffsetRange> SplitRanges(const std::vector<OffsetRange>& ranges, std::optional<int64_t> min_partitions,
                                     std::optional<int64_t> max_records) {
  std::vector<OffsetRange> split;
  if (max_records) {
    for (const OffsetRange& range : ranges) Divide(range, (range.size() - 1) / *max_records + 1, &split);
  } else {
    split = ranges;
  }
  if (min_partitions && *min_partitions > static_cast<int64_t>(split.size()))
    return SplitToAtLeast(split, *min_partitions);
  return split;
}

std::optional<LagMetrics> LagBehind(const PartitionOffsets& consumed, const PartitionOffsets& latest) {
  if (latest.empty() || consumed.empty()) return std::nullopt;
  LagMetrics lag;
  lag.min = std::numeric_limits<int64_t>::max();
  double sum = 0;
  int64_t count = 0;
  for (const auto& [tp, end] : latest) {
    const auto at = Find(consumed, tp);
    if (!at) continue;
    const int64_t behind = std::max<int64_t>(end - *at, 0);
    lag.min = std::min(lag.min, behind);
    lag.max = std::max(lag.max, behind);
    sum += static_cast<double>(behind);
    ++count;
  }
  if (count == 0) return std::nullopt;
  lag.average = sum / static_cast<double>(count);
  return lag;
}

}  // namespace sluice
