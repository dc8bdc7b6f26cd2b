// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <parquet/statistics.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace sluice {

// The smallest and the largest of byte strings, by unsigned bytes. Most values are told to lie between by their first
// eight bytes alone.
class ByteRange {
 public:
  // A bound that is longer stands in no statistics; no more of it is kept than tells that it is.
  static constexpr size_t kLongest = 4096;

  // `head`: see HeadOf.
  void Add(uint64_t head, std::string_view value) {
    if (head > min_head_ && head < max_head_) return;
    Widen(head, value);
  }
  void Add(std::string_view value);
  void Add(const ByteRange& other);
  void Clear() { *this = ByteRange(); }

  // As Parquet's statistics.
  parquet::EncodedStatistics Encode(int64_t nulls) const;

  // The first eight bytes of a value as a number that is ordered as they are; shorter values end in zeros.
  static uint64_t HeadOf(std::string_view value);
  // The same of eight bytes as they stand in memory.
  static uint64_t HeadOf(uint64_t little_endian) { return __builtin_bswap64(little_endian); }

 private:
  void Widen(uint64_t head, std::string_view value);

  bool any_ = false;
  uint64_t min_head_ = std::numeric_limits<uint64_t>::max();
  uint64_t max_head_ = 0;
  std::string min_, max_;
};

}  // namespace sluice
