// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/byte_range.h"

#include <algorithm>
#include <cstring>

namespace sluice {

uint64_t ByteRange::HeadOf(std::string_view value) {
  uint64_t head = 0;
  std::memcpy(&head, value.data(), std::min(value.size(), sizeof(head)));
  return HeadOf(head);
}

void ByteRange::Widen(uint64_t head, std::string_view value) {
  value = value.substr(0, kLongest + 1);
  // string_view compares as unsigned bytes.
  if (!any_ || value < min_) {
    min_ = value;
    min_head_ = head;
  }
  if (!any_ || value > max_) {
    max_ = value;
    max_head_ = head;
  }
  any_ = true;
}

void ByteRange::Add(std::string_view value) {
  Add(HeadOf(value), value);
}

void ByteRange::Add(const ByteRange& other) {
  if (!other.any_) return;
  Add(other.min_head_, other.min_);
  Add(other.max_head_, other.max_);
}

parquet::EncodedStatistics ByteRange::Encode(int64_t nulls) const {
  parquet::EncodedStatistics statistics;
  statistics.set_null_count(nulls);
  statistics.all_null_value = !any_;
  if (any_ && min_.size() <= kLongest) {
    statistics.set_min(min_);
    statistics.is_min_value_exact = true;
  }
  if (any_ && max_.size() <= kLongest) {
    statistics.set_max(max_);
    statistics.is_max_value_exact = true;
  }
  return statistics;
}

}  // namespace sluice
