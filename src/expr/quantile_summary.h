// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace sluice {

// Quantiles of many numbers within a relative error of rank, in little memory: the summary of Greenwald and Khanna with
// the buffer, the thresholds and the rules of rounding that Spark has, so that equal inputs give equal answers.
class QuantileSummary {
 public:
  explicit QuantileSummary(double relative_error) : error_(relative_error) {}
  void Add(double value);
  void Merge(const QuantileSummary& other);
  int64_t count() const { return count_ + static_cast<int64_t>(fresh_.size()); }
  int64_t bytes() const;
  // The values at these shares of the ranks, in their order; there must be a number.
  std::vector<double> Query(const std::vector<double>& shares);

 private:
  // `gap`: ranks from the sample before it; `slack`: how far its rank may lie beyond the least it can have.
  struct Sample {
    double value;
    int64_t gap;
    int64_t slack;
  };
  void TakeFresh();
  void Compress();
  static std::vector<Sample> Compressed(const std::vector<Sample>& samples, double threshold);

  double error_;
  int64_t count_ = 0;  // of the samples
  bool compressed_ = false;
  std::vector<Sample> samples_;  // in the order of their values
  std::vector<double> fresh_;    // not among the samples yet
};

}  // namespace sluice
