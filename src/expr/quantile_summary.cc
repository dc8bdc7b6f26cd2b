// SPDX-License-Identifier: Apache-2.0
#include "expr/quantile_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "expr/compare_values.h"

namespace sluice {
namespace {

constexpr size_t kMostFresh = 50'000;
constexpr size_t kCompressAt = 10'000;

// NaN comes last.
bool Less(double a, double b) {
  return Compare(a, b) < 0;
}

}  // namespace

void QuantileSummary::Add(double value) {
  fresh_.push_back(value);
  compressed_ = false;
  if (fresh_.size() < kMostFresh) return;
  TakeFresh();
  if (samples_.size() >= kCompressAt) Compress();
}

int64_t QuantileSummary::bytes() const {
  return static_cast<int64_t>(samples_.capacity() * sizeof(Sample) + fresh_.capacity() * sizeof(double));
}

void QuantileSummary::TakeFresh() {
  if (fresh_.empty()) return;
  std::sort(fresh_.begin(), fresh_.end(), Less);
  std::vector<Sample> merged;
  merged.reserve(samples_.size() + fresh_.size());
  size_t next = 0;
  for (size_t i = 0; i < fresh_.size(); ++i) {
    while (next < samples_.size() && samples_[next].value <= fresh_[i]) merged.push_back(samples_[next++]);
    ++count_;
    // The ends have no slack.
    const bool end = merged.empty() || (next == samples_.size() && i + 1 == fresh_.size());
    merged.push_back(
        {fresh_[i], 1, end ? 0 : static_cast<int64_t>(std::floor(2 * error_ * static_cast<double>(count_)))});
  }
  merged.insert(merged.end(), samples_.begin() + static_cast<std::ptrdiff_t>(next), samples_.end());
  samples_ = std::move(merged);
  fresh_.clear();
}

// Puts samples into the one behind them as long as that one then stands for fewer ranks than the threshold. Both ends
// stay.
std::vector<QuantileSummary::Sample> QuantileSummary::Compressed(const std::vector<Sample>& samples, double threshold) {
  std::vector<Sample> kept;  // backwards
  if (samples.empty()) return kept;
  Sample head = samples.back();
  for (size_t i = samples.size() - 1; i-- > 1;) {
    if (static_cast<double>(samples[i].gap + head.gap + head.slack) < threshold) {
      head.gap += samples[i].gap;
    } else {
      kept.push_back(head);
      head = samples[i];
    }
  }
  kept.push_back(head);
  if (samples.front().value <= head.value && samples.size() > 1) kept.push_back(samples.front());
  std::reverse(kept.begin(), kept.end());
  return kept;
}

void QuantileSummary::Compress() {
  if (compressed_) return;
  TakeFresh();
  samples_ = Compressed(samples_, 2 * error_ * static_cast<double>(count_));
  compressed_ = true;
}

void QuantileSummary::Merge(const QuantileSummary& given) {
  if (given.count() == 0) return;
  QuantileSummary other = given;
  other.Compress();
  if (count() == 0) {
    *this = std::move(other);
    return;
  }
  Compress();
  const auto slack = [](const QuantileSummary& from) {
    return static_cast<int64_t>(std::floor(2 * from.error_ * static_cast<double>(from.count_)));
  };
  const int64_t more[2] = {slack(other), slack(*this)};
  std::vector<Sample> merged;
  size_t mine = 0;
  size_t theirs = 0;
  while (mine < samples_.size() && theirs < other.samples_.size()) {
    const bool take_mine = samples_[mine].value < other.samples_[theirs].value;
    Sample next = take_mine ? samples_[mine] : other.samples_[theirs];
    if (take_mine ? theirs > 0 : mine > 0) next.slack += more[take_mine ? 0 : 1];
    ++(take_mine ? mine : theirs);
    merged.push_back(next);
  }
  merged.insert(merged.end(), samples_.begin() + static_cast<std::ptrdiff_t>(mine), samples_.end());
  merged.insert(merged.end(), other.samples_.begin() + static_cast<std::ptrdiff_t>(theirs), other.samples_.end());
  count_ += other.count_;
  samples_ = Compressed(merged, 2 * error_ * static_cast<double>(count_));
}

std::vector<double> QuantileSummary::Query(const std::vector<double>& shares) {
  Compress();
  int64_t widest = std::numeric_limits<int64_t>::min();
  for (const Sample& sample : samples_) widest = std::max(widest, sample.gap + sample.slack);
  const double off = static_cast<double>(widest) / 2;
  std::vector<size_t> order(shares.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return shares[a] < shares[b]; });
  std::vector<double> values(shares.size());
  size_t at = 0;
  int64_t least = samples_[0].gap;  // rank of samples_[at]
  for (const size_t i : order) {
    if (shares[i] <= error_ || samples_.size() == 1) {
      values[i] = samples_.front().value;
      continue;
    }
    if (shares[i] >= 1 - error_) {
      values[i] = samples_.back().value;
      continue;
    }
    const double rank = std::ceil(shares[i] * static_cast<double>(count_));
    while (at + 1 < samples_.size()) {
      const auto most = static_cast<double>(least + samples_[at].slack);
      if (most - off <= rank && rank <= static_cast<double>(least) + off) break;
      least += samples_[++at].gap;
    }
    values[i] = samples_[at].value;
  }
  return values;
}

}  // namespace sluice
