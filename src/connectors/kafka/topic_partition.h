// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace sluice {

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;  // NOLINT(modernize-use-nullptr): not a 0
  std::string ToString() const { return topic + "-" + std::to_string(partition); }
};

// The NEXT offset of each partition (an exclusive end); where a user gives offsets, also kEarliest and kLatest.
using PartitionOffsets = std::map<TopicPartition, int64_t>;

constexpr int64_t kEarliestOffset = -2;
constexpr int64_t kLatestOffset = -1;

// [begin, end) of one partition: what one task reads.
struct OffsetRange {
  TopicPartition partition;
  int64_t begin = 0;
  int64_t end = 0;  // exclusive
  int64_t size() const { return end - begin; }
  bool operator==(const OffsetRange&) const = default;
};

}  // namespace sluice
