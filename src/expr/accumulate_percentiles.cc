// SPDX-License-Identifier: Apache-2.0
// percentile, median, percentile_cont, percentile_disc: exact ones; percentile_approx: by a summary.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "expr/accumulators.h"
#include "expr/column_io.h"
#include "expr/compare_values.h"
#include "expr/held_bytes.h"
#include "expr/quantile_summary.h"
#include "expr/rounded_number.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Args = std::vector<ArrayPtr>;

struct Counted {
  double value;
  int64_t count;
};

// The value at a share of the ranks of `sorted`, between two values in proportion, or the first of both.
double ValueAt(const std::vector<Counted>& sorted, double share, bool discrete) {
  int64_t total = 0;
  for (const Counted& entry : sorted) total += entry.count;
  const auto at = [&sorted](int64_t rank) {
    int64_t sum = 0;
    for (const Counted& entry : sorted) {
      sum += entry.count;
      if (sum > rank) return entry.value;
    }
    return sorted.back().value;
  };
  if (discrete) {
    // The least value whose share of the ranks reaches the wanted one.
    const auto rank = static_cast<int64_t>(std::ceil(static_cast<double>(total) * share));
    return at(std::max<int64_t>(rank - 1, 0));
  }
  const double place = static_cast<double>(total - 1) * share;
  const double below = std::floor(place);
  const double above = std::ceil(place);
  const double first = at(static_cast<int64_t>(below));
  if (below == above) return first;
  const double second = at(static_cast<int64_t>(above));
  if (Compare(first, second) == 0) return first;
  return (above - place) * first + (place - below) * second;
}

// Writes one number a group, or a list of them.
class NumberColumn {
 public:
  NumberColumn(std::shared_ptr<arrow::DataType> type, bool list) : list_(list), type_(std::move(type)) {
    auto made = arrow::MakeBuilder(type_);
    if (made.ok()) builder_ = std::move(*made);
  }
  Status AppendNull() { return builder_->AppendNull(); }
  Status Append(const std::vector<double>& values) {
    if (!list_) return AppendRounded(values[0], builder_.get());
    auto& lists = static_cast<arrow::ListBuilder&>(*builder_);
    SLUICE_RETURN_IF_ERROR(lists.Append());
    for (const double value : values) SLUICE_RETURN_IF_ERROR(AppendRounded(value, lists.value_builder()));
    return Status::OK();
  }
  Result<ArrayPtr> Finish() { return builder_->Finish(); }

 private:
  bool list_;
  std::shared_ptr<arrow::DataType> type_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
};

// args: the values as DOUBLE, and how often each counts, if that is given.
class PercentileAccumulator : public Accumulator, public HoldsBytes {
 public:
  PercentileAccumulator(const AggregateCall& call, PercentileShares shares, bool discrete)
      : shares_(std::move(shares)), type_(call.type), discrete_(discrete) {}

  void Resize(int64_t groups) override { groups_.resize(static_cast<size_t>(groups)); }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<double> values(*args[0]);
    const bool counted = shares_.counted;
    for (int64_t row = 0; row < rows; ++row) {
      if (args[0]->IsNull(row) || (counted && args.back()->IsNull(row))) continue;
      const int64_t count = counted ? ColumnReader<int64_t>(*args.back())[row] : 1;
      if (count < 0) {
        return WithRow(UserError("NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION",
                                 fmt::format("A value cannot count {} times in percentile.", count),
                                 {{"frequencyExpression", ""}, {"negativeValue", std::to_string(count)}}),
                       row);
      }
      if (count == 0) continue;
      Add(groups[row], {values[row], count});
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const PercentileAccumulator&>(other);
    for (size_t i = 0; i < from.groups_.size(); ++i) {
      for (const Counted& entry : from.groups_[i]) Add(mapping[i], entry);
    }
    return Status::OK();
  }

  int64_t held_bytes() const override { return bytes_; }

  Result<ArrayPtr> Finish() override {
    NumberColumn column(type_, shares_.list);
    for (auto& entries : groups_) {
      std::sort(entries.begin(), entries.end(),
                [](const Counted& a, const Counted& b) { return Compare(a.value, b.value) < 0; });
      if (entries.empty()) {
        SLUICE_RETURN_IF_ERROR(column.AppendNull());
        continue;
      }
      if (shares_.reversed) std::reverse(entries.begin(), entries.end());
      std::vector<double> values;
      for (const double share : shares_.shares) values.push_back(ValueAt(entries, share, discrete_));
      SLUICE_RETURN_IF_ERROR(column.Append(values));
    }
    return column.Finish();
  }

 private:
  void Add(size_t group, Counted entry) {
    auto& entries = groups_[group];
    bytes_ -= static_cast<int64_t>(entries.capacity() * sizeof(Counted));
    entries.push_back(entry);
    bytes_ += static_cast<int64_t>(entries.capacity() * sizeof(Counted));
  }

  PercentileShares shares_;
  std::shared_ptr<arrow::DataType> type_;
  bool discrete_;
  std::vector<std::vector<Counted>> groups_;
  int64_t bytes_ = 0;
};

class ApproximateAccumulator : public Accumulator, public HoldsBytes {
 public:
  ApproximateAccumulator(const AggregateCall& call, PercentileShares shares, double error)
      : shares_(std::move(shares)), type_(call.type), error_(error) {}

  void Resize(int64_t groups) override { groups_.resize(static_cast<size_t>(groups), QuantileSummary(error_)); }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<double> values(*args[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (args[0]->IsNull(row)) continue;
      QuantileSummary& summary = groups_[groups[row]];
      bytes_ -= summary.bytes();
      summary.Add(values[row]);
      bytes_ += summary.bytes();
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const ApproximateAccumulator&>(other);
    for (size_t i = 0; i < from.groups_.size(); ++i) {
      QuantileSummary& summary = groups_[mapping[i]];
      bytes_ -= summary.bytes();
      summary.Merge(from.groups_[i]);
      bytes_ += summary.bytes();
    }
    return Status::OK();
  }

  int64_t held_bytes() const override { return bytes_; }

  Result<ArrayPtr> Finish() override {
    NumberColumn column(type_, shares_.list);
    for (QuantileSummary& summary : groups_) {
      SLUICE_RETURN_IF_ERROR(summary.count() == 0 ? column.AppendNull() : column.Append(summary.Query(shares_.shares)));
    }
    return column.Finish();
  }

 private:
  PercentileShares shares_;
  std::shared_ptr<arrow::DataType> type_;
  double error_;
  std::vector<QuantileSummary> groups_;
  int64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> MakePercentile(const AggregateCall& call, PercentileShares shares, bool discrete) {
  return std::make_unique<PercentileAccumulator>(call, std::move(shares), discrete);
}
std::unique_ptr<Accumulator> MakeApproximatePercentile(const AggregateCall& call, PercentileShares shares,
                                                       double error) {
  return std::make_unique<ApproximateAccumulator>(call, std::move(shares), error);
}

}  // namespace sluice
