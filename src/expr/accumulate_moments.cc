// SPDX-License-Identifier: Apache-2.0
// Variance, standard deviation, skewness and kurtosis, by running mean and sums of powers of differences.
#include <arrow/api.h>

#include <cmath>
#include <optional>

#include "expr/accumulators.h"
#include "expr/column_io.h"
#include "expr/saved_values.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;
  double cubes = 0;
  double fourths = 0;

  void Add(const Moments& other) {
    if (other.count == 0) return;
    const double n1 = count;
    const double n2 = other.count;
    const double total = n1 + n2;
    const double delta = other.mean - mean;
    const double share = delta / total;
    fourths = fourths + other.fourths + share * share * share * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2) +
              6.0 * share * share * (n1 * n1 * other.squares + n2 * n2 * squares) +
              4.0 * share * (n1 * other.cubes - n2 * cubes);
    cubes = cubes + other.cubes + share * share * delta * n1 * n2 * (n1 - n2) +
            3.0 * share * (n1 * other.squares - n2 * squares);
    squares += other.squares + delta * share * n1 * n2;
    mean += share * n2;
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
    const double delta2 = delta * delta;
    const double share2 = share * share;
    cubes = cubes - 3.0 * share * squares + delta * (delta2 - share2);
    fourths = fourths - 4.0 * share * cubes - 6.0 * share2 * squares + delta * (delta * delta2 - share * share2);
  }
};

class MomentAccumulator : public Accumulator, public SavedValues {
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
    for (size_t i = 0; i < groups_.size(); ++i) {
      const auto value = ValueOf(groups_[i]);
      const auto row = static_cast<int64_t>(i);
      SLUICE_RETURN_IF_ERROR(value ? writer.Set(row, *value) : writer.SetNull(row));
    }
    return writer.Finish(arrow::float64());
  }

  arrow::FieldVector SavedFields() const override {
    return {arrow::field("n", arrow::float64(), false), arrow::field("avg", arrow::float64(), false),
            arrow::field("m2", arrow::float64(), false)};
  }
  Result<std::vector<ArrayPtr>> Save() const override {
    std::vector<ArrayPtr> columns;
    for (double Moments::*part : {&Moments::count, &Moments::mean, &Moments::squares}) {
      ColumnWriter<double> writer(static_cast<int64_t>(groups_.size()), arrow::default_memory_pool());
      SLUICE_RETURN_IF_ERROR(writer.Allocate());
      for (size_t i = 0; i < groups_.size(); ++i) writer.values()[i] = groups_[i].*part;
      SLUICE_ASSIGN(ArrayPtr column, writer.Finish(arrow::float64()));
      columns.push_back(std::move(column));
    }
    return columns;
  }
  Status MergeSaved(const std::vector<ArrayPtr>& saved, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<double> counts(*saved[0]);
    const ColumnReader<double> means(*saved[1]);
    const ColumnReader<double> squares(*saved[2]);
    for (int64_t row = 0; row < rows; ++row) groups_[groups[row]].Add(Moments{counts[row], means[row], squares[row]});
    return Status::OK();
  }

 private:
  std::optional<double> ValueOf(const Moments& group) const {
    if (group.count == 0) return std::nullopt;
    if (moment_ == Moment::kSkewness || moment_ == Moment::kKurtosis) {
      const double squares = group.MergedSquares();
      if (squares == 0) return std::nullopt;
      return moment_ == Moment::kSkewness
                 ? std::sqrt(group.count) * group.cubes / std::sqrt(squares * squares * squares)
                 : group.count * group.fourths / (squares * squares) - 3.0;
    }
    const bool sample = moment_ == Moment::kVarianceSample || moment_ == Moment::kDeviationSample;
    const bool root = moment_ == Moment::kDeviationPopulation || moment_ == Moment::kDeviationSample;
    const double divisor = group.count - (sample ? 1 : 0);
    if (divisor == 0) return std::nullopt;
    const double variance = group.MergedSquares() / divisor;
    return root ? std::sqrt(variance) : variance;
  }

  Moment moment_;
  std::vector<Moments> groups_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeMoment(const AggregateCall& call, Moment moment) {
  return std::make_unique<MomentAccumulator>(moment);
}

}  // namespace sluice
