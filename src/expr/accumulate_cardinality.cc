// SPDX-License-Identifier: Apache-2.0
// approx_count_distinct: HyperLogLog++ with Spark's hash, registers and corrections.
#include <arrow/api.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "expr/accumulators.h"
#include "expr/cardinality_bias.h"
#include "expr/column_io.h"
#include "expr/held_bytes.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// The bias at an estimate: the mean of those at the six nearest raw estimates that are known.
double BiasAt(const CardinalityBias& table, double estimate) {
  constexpr int kNeighbours = 6;
  const double* end = table.raw + table.count;
  const auto nearest = static_cast<int>(std::lower_bound(table.raw, end, estimate) - table.raw);
  const auto distance = [&](int i) { return (estimate - table.raw[i]) * (estimate - table.raw[i]); };
  int low = std::max(nearest - kNeighbours + 1, 0);
  int high = std::min(low + kNeighbours, table.count);
  while (high < table.count && distance(high) < distance(low)) {
    ++low;
    ++high;
  }
  double sum = 0;
  for (int i = low; i < high; ++i) sum += table.bias[i];
  return sum / (high - low);
}

class CardinalityAccumulator : public Accumulator, public HoldsBytes {
 public:
  explicit CardinalityAccumulator(int precision) : precision_(precision), size_(size_t{1} << precision) {}

  void Resize(int64_t groups) override { registers_.resize(static_cast<size_t>(groups) * size_, 0); }

  Status Update(const std::vector<ArrayPtr>& args, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<int64_t> hashes(*args[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (args[1]->IsNull(row)) continue;
      const auto hash = static_cast<uint64_t>(hashes[row]);
      const auto index = static_cast<size_t>(hash >> (64 - precision_));
      const uint64_t rest = hash << precision_ | uint64_t{1} << (precision_ - 1);
      Offer(groups[row] * size_ + index, static_cast<uint8_t>(std::countl_zero(rest) + 1));
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const CardinalityAccumulator&>(other).registers_;
    for (size_t i = 0; i < from.size(); ++i) Offer(mapping[i / size_] * size_ + i % size_, from[i]);
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override {
    const auto groups = static_cast<int64_t>(registers_.size() / size_);
    ColumnWriter<int64_t> writer(groups, arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    for (int64_t i = 0; i < groups; ++i) {
      SLUICE_RETURN_IF_ERROR(writer.Set(i, Estimate(registers_.data() + static_cast<size_t>(i) * size_)));
    }
    return writer.Finish(arrow::int64());
  }

  int64_t held_bytes() const override { return static_cast<int64_t>(registers_.capacity()); }

 private:
  void Offer(size_t at, uint8_t zeros) { registers_[at] = std::max(registers_[at], zeros); }

  int64_t Estimate(const uint8_t* registers) const {
    double inverse = 0;
    double empty = 0;
    for (size_t i = 0; i < size_; ++i) {
      inverse += 1.0 / static_cast<double>(uint64_t{1} << registers[i]);
      if (registers[i] == 0) empty += 1;
    }
    const auto size = static_cast<double>(size_);
    const double alpha = precision_ == 4   ? 0.673
                         : precision_ == 5 ? 0.697
                         : precision_ == 6 ? 0.709
                                           : 0.7213 / (1.0 + 1.079 / size);
    const double raw = alpha * size * size / inverse;
    const bool known = precision_ < 19;
    const double corrected = known && raw < 5.0 * size ? raw - BiasAt(CardinalityBiasOf(precision_), raw) : raw;
    if (empty > 0) {
      const double linear = size * std::log(size / empty);
      // Spark counts empty registers for any raw estimate up to 2.5 a register, above the paper's threshold too.
      const bool small = raw <= 2.5 * size || (known && linear <= CardinalityBiasOf(precision_).threshold);
      if (small) return std::llround(linear);
    }
    return std::llround(corrected);
  }

  int precision_;
  size_t size_;  // registers a group
  std::vector<uint8_t> registers_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeApproximateCount(const AggregateCall& call, int precision) {
  return std::make_unique<CardinalityAccumulator>(precision);
}

}  // namespace sluice
