// SPDX-License-Identifier: Apache-2.0
// Covariance, correlation and linear regression of pairs, by running means and sums of products of differences.
#include <arrow/api.h>

#include <cmath>
#include <optional>

#include "base/spark_error.h"
#include "expr/accumulators.h"
#include "expr/column_io.h"
#include "expr/held_bytes.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Two roundings of the squares are kept, since Spark has both: `own` as variance makes them, `paired` as correlation.
struct Side {
  double mean = 0;
  double sum = 0;
  double own = 0;
  double paired = 0;
};

// As in Spark, the first argument of a covariance is its x; that of a regression is y.
struct Pairs {
  double count = 0;
  Side first;
  Side second;
  double products = 0;

  void Add(double a, double b) {
    count += 1;
    const double delta = a - first.mean;
    AddTo(&first, a);
    AddTo(&second, b);
    products += delta * (b - second.mean);
  }

  void Add(const Pairs& other) {
    if (other.count == 0) return;
    const double total = count + other.count;
    const double deltas[] = {other.first.mean - first.mean, other.second.mean - second.mean};
    products += other.products + deltas[0] * (deltas[1] / total) * count * other.count;
    AddTo(&first, other.first, deltas[0], total, other.count);
    AddTo(&second, other.second, deltas[1], total, other.count);
    count = total;
  }

 private:
  void AddTo(Side* side, double value) const {
    const double delta = value - side->mean;
    const double share = delta / count;
    side->mean += share;
    side->sum += value;
    side->own += delta * (delta - share);
    side->paired += delta * (value - side->mean);
  }
  void AddTo(Side* side, const Side& other, double delta, double total, double others) const {
    const double share = delta / total;
    side->mean += share * others;
    side->sum += other.sum;
    side->own += other.own + delta * share * count * others;
    side->paired += other.paired + delta * share * count * others;
  }
};

std::optional<double> Correlation(const Pairs& pairs) {
  const double squares = std::sqrt(pairs.first.paired * pairs.second.paired);
  if (pairs.count < 2 || squares == 0) return std::nullopt;
  return pairs.products / squares;
}

// Of y by x: the first argument is y.
std::optional<double> Regression(const Pairs& pairs, PairMoment moment) {
  const Side& y = pairs.first;
  const Side& x = pairs.second;
  switch (moment) {
    case PairMoment::kAverageX:
      return x.sum / pairs.count;
    case PairMoment::kAverageY:
      return y.sum / pairs.count;
    case PairMoment::kSquaresX:
      return x.own;
    case PairMoment::kSquaresY:
      return y.own;
    case PairMoment::kProducts:
      return pairs.products;
    case PairMoment::kR2: {
      if (x.paired == 0) return std::nullopt;
      if (y.paired == 0) return 1.0;
      const double correlation = pairs.products / std::sqrt(y.paired * x.paired);
      return correlation * correlation;
    }
    default: {
      if (x.own == 0) return std::nullopt;
      const double slope = pairs.products / x.own;
      return moment == PairMoment::kSlope ? slope : y.mean - slope * x.mean;
    }
  }
}

std::optional<double> ValueOf(const Pairs& pairs, PairMoment moment) {
  if (pairs.count == 0) return std::nullopt;
  switch (moment) {
    case PairMoment::kCovariancePopulation:
      return pairs.products / pairs.count;
    case PairMoment::kCovarianceSample:
      return pairs.count == 1 ? std::nullopt : std::optional(pairs.products / (pairs.count - 1));
    case PairMoment::kCorrelation:
      return Correlation(pairs);
    default:
      return Regression(pairs, moment);
  }
}

class PairAccumulator : public Accumulator, public HoldsBytes {
 public:
  PairAccumulator(PairMoment moment, bool ansi) : moment_(moment), ansi_(ansi) {}
  void Resize(int64_t groups) override { groups_.resize(static_cast<size_t>(groups)); }

  Status Update(const std::vector<ArrayPtr>& args, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<double> first(*args[0]);
    const ColumnReader<double> second(*args[1]);
    for (int64_t row = 0; row < rows; ++row) {
      if (args[0]->IsValid(row) && args[1]->IsValid(row)) groups_[groups[row]].Add(first[row], second[row]);
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const PairAccumulator&>(other);
    for (size_t i = 0; i < from.groups_.size(); ++i) groups_[mapping[i]].Add(from.groups_[i]);
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override {
    const auto groups = static_cast<int64_t>(groups_.size());
    if (moment_ == PairMoment::kCount) {
      ColumnWriter<int64_t> counts(groups, arrow::default_memory_pool());
      SLUICE_RETURN_IF_ERROR(counts.Allocate());
      for (int64_t i = 0; i < groups; ++i) {
        SLUICE_RETURN_IF_ERROR(counts.Set(i, static_cast<int64_t>(groups_[static_cast<size_t>(i)].count)));
      }
      return counts.Finish(arrow::int64());
    }
    ColumnWriter<double> writer(groups, arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    for (int64_t i = 0; i < groups; ++i) {
      const Pairs& pairs = groups_[static_cast<size_t>(i)];
      const auto value = ValueOf(pairs, moment_);
      if (!value && ansi_ && moment_ == PairMoment::kCorrelation && pairs.count > 1) {
        return UserError("DIVIDE_BY_ZERO",
                         "One side of corr is the same in all rows, so that there is no correlation. Set "
                         "spark.sql.ansi.enabled=false to get NULL.",
                         {{"config", "\"spark.sql.ansi.enabled\""}});
      }
      SLUICE_RETURN_IF_ERROR(value ? writer.Set(i, *value) : writer.SetNull(i));
    }
    return writer.Finish(arrow::float64());
  }

  int64_t held_bytes() const override { return static_cast<int64_t>(groups_.capacity() * sizeof(Pairs)); }

 private:
  PairMoment moment_;
  bool ansi_;
  std::vector<Pairs> groups_;
};

}  // namespace

std::unique_ptr<Accumulator> MakePairMoment(const AggregateCall& call, PairMoment moment) {
  return std::make_unique<PairAccumulator>(moment, call.ansi);
}

}  // namespace sluice
