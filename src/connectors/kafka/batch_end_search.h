// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace sluice {

// Finds where a batch of records ends that cannot be unpacked: its header is not shown, only that a fetch meets it. So
// offsets are tried, ever farther away, then in halves. No I/O: whoever tries an offset says what it met.
class BatchEndSearch {
 public:
  // `begin` is in the batch; from `limit` on nobody wants to know.
  BatchEndSearch(int64_t begin, int64_t limit) : begin_(begin), within_(begin), end_(limit) {}

  // The offset to try next; nothing when `end()` is known.
  std::optional<int64_t> Next() const {
    if (end_ - within_ <= 1) return std::nullopt;
    if (!beyond_ && within_ + Step() < end_) return within_ + Step();
    return within_ + (end_ - within_) / 2;
  }
  void Met(int64_t offset, bool in_batch) {
    if (in_batch) {
      within_ = std::max(within_, offset);
    } else {
      end_ = std::min(end_, offset);
      beyond_ = true;
    }
  }
  // The first offset that is not in the batch, or the limit.
  int64_t end() const { return end_; }

 private:
  int64_t Step() const { return within_ - begin_ + 1; }

  const int64_t begin_;
  int64_t within_;  // the last one known to be in the batch
  int64_t end_;
  bool beyond_ = false;  // an offset outside was met
};

}  // namespace sluice
