// SPDX-License-Identifier: Apache-2.0
// Variance and standard deviation, by running mean and sum of squared differences.
#include <arrow/api.h>

#include <cmath>

#include "expr/accumulators.h"
#include "expr/column_io.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;

  void Add(const Moments& other) {
    if (other.count == 0) return;
    const double total = count + other.count;
    const double delta = other.mean - mean;
    const double share = delta / total;
    squares += other.squares + delta * share * count * other.count;
    mean += share * other.count;
    count = total;
  }

  // The squares after one more merge, with nothing: Spark's always has one, which makes NaN of means whose square is
  // beyond a DOUBLE.
  double MergedSquares() const { return squares + mean * (mean / count) * 0.0 * count; }

  void Add(double value) {
    count += 1;
    const double delta = value - mean;
    const double share = delta / count;
    mean += share;
    squares += delta * (delta - share);
  }
};

class MomentAccumulator : public Accumulator {
 public:
  explicit MomentAccumulator(Moment moment) : moment_(moment) {}
  void Resize(int64_t groups) override { groups_.resize(static_cast<size_t>(groups)); }

  Status Update(const std::vector<ArrayPtr>& args, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<double> values(*args[0]);
    const bool nulls = args[0]->null_count() > 0;
    for (int64_t row = 0; row < rows; ++row) {
      if (!nulls || args[0]->IsValid(row)) groups_[groups[row]].Add(values[row]);
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const MomentAccumulator&>(other);
    for (size_t i = 0; i < from.groups_.size(); ++i) groups_[mapping[i]].Add(from.groups_[i]);
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override {
    ColumnWriter<double> writer(static_cast<int64_t>(groups_.size()), arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    const bool sample = moment_ == Moment::kVarianceSample || moment_ == Moment::kDeviationSample;
    const bool root = moment_ == Moment::kDeviationPopulation || moment_ == Moment::kDeviationSample;
    for (size_t i = 0; i < groups_.size(); ++i) {
      const double divisor = groups_[i].count - (sample ? 1 : 0);
      const auto row = static_cast<int64_t>(i);
      if (groups_[i].count == 0 || divisor == 0) {
        SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
      } else {
        const double variance = groups_[i].MergedSquares() / divisor;
        SLUICE_RETURN_IF_ERROR(writer.Set(row, root ? std::sqrt(variance) : variance));
      }
    }
    return writer.Finish(arrow::float64());
  }

 private:
  Moment moment_;
  std::vector<Moments> groups_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeMoment(const AggregateCall& call, Moment moment) {
  return std::make_unique<MomentAccumulator>(moment);
}

}  // namespace sluice
