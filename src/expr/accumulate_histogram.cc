// SPDX-License-Identifier: Apache-2.0
// histogram_numeric: a histogram whose bins are where the values are.
#include <arrow/api.h>

#include <algorithm>

#include "expr/column_io.h"
#include "expr/held_bytes.h"
#include "expr/histogram.h"
#include "expr/rounded_number.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Args = std::vector<ArrayPtr>;

// Ben-Haim and Tom-Tov, "A Streaming Parallel Decision Tree Algorithm": each value is a bin, and the two bins that are
// closest become one while there are too many.
class Histogram {
 public:
  struct Bin {
    double x;
    double y;  // how many values
  };

  const std::vector<Bin>& bins() const { return bins_; }

  void Add(double value, size_t most) {
    size_t low = 0;
    size_t high = bins_.size();
    size_t place = 0;
    while (low < high) {
      place = (low + high) / 2;
      if (bins_[place].x > value) {
        high = place;
      } else if (bins_[place].x < value) {
        low = ++place;
      } else {
        break;
      }
    }
    if (place < bins_.size() && bins_[place].x == value) {
      ++bins_[place].y;
      return;
    }
    bins_.insert(bins_.begin() + static_cast<std::ptrdiff_t>(place), {value, 1});
    if (bins_.size() > most) Trim(most);
  }

  void Merge(const Histogram& other, size_t most) {
    if (bins_.empty()) {
      bins_ = other.bins_;
      return;
    }
    bins_.insert(bins_.end(), other.bins_.begin(), other.bins_.end());
    std::stable_sort(bins_.begin(), bins_.end(), [](const Bin& a, const Bin& b) { return a.x < b.x; });
    Trim(most);
  }

 private:
  // java.util.Random, by which Spark takes one of several pairs that are equally close.
  class Random {
   public:
    double Next() {
      const auto high = static_cast<int64_t>(Bits(26)) << 27;
      return static_cast<double>(high + static_cast<int64_t>(Bits(27))) * 0x1.0p-53;
    }

   private:
    uint64_t Bits(int count) {
      seed_ = (seed_ * kMultiplier + 11) & kMask;
      return seed_ >> (48 - count);
    }
    static constexpr uint64_t kMultiplier = 0x5DEECE66D;
    static constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;
    uint64_t seed_ = (31183 ^ kMultiplier) & kMask;
  };

  size_t Closest() {
    double least = bins_[1].x - bins_[0].x;
    size_t closest = 0;
    int pairs = 1;
    for (size_t i = 1; i + 1 < bins_.size(); ++i) {
      const double distance = bins_[i + 1].x - bins_[i].x;
      if (distance < least) {
        least = distance;
        closest = i;
        pairs = 1;
      } else if (distance == least && random_.Next() <= 1.0 / ++pairs) {
        closest = i;
      }
    }
    return closest;
  }

  void Trim(size_t most) {
    while (bins_.size() > most && bins_.size() > 1) {
      const size_t closest = Closest();
      Bin& first = bins_[closest];
      const Bin& second = bins_[closest + 1];
      const double count = first.y + second.y;
      first.x = first.x * (first.y / count) + second.x / count * second.y;
      first.y = count;
      bins_.erase(bins_.begin() + static_cast<std::ptrdiff_t>(closest) + 1);
    }
  }

  Random random_;
  std::vector<Bin> bins_;
};

// args: the values as DOUBLE.
class HistogramAccumulator : public Accumulator, public HoldsBytes {
 public:
  HistogramAccumulator(const AggregateCall& call, int32_t bins) : type_(call.type), most_(static_cast<size_t>(bins)) {}

  void Resize(int64_t groups) override { groups_.resize(static_cast<size_t>(groups)); }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<double> values(*args[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (args[0]->IsNull(row)) continue;
      Histogram& histogram = groups_[groups[row]];
      const size_t before = histogram.bins().capacity();
      histogram.Add(values[row], most_);
      bytes_ += static_cast<int64_t>((histogram.bins().capacity() - before) * sizeof(Histogram::Bin));
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const HistogramAccumulator&>(other);
    for (size_t i = 0; i < from.groups_.size(); ++i) groups_[mapping[i]].Merge(from.groups_[i], most_);
    bytes_ = 0;
    for (const Histogram& histogram : groups_)
      bytes_ += static_cast<int64_t>(histogram.bins().capacity() * sizeof(Histogram::Bin));
    return Status::OK();
  }

  int64_t held_bytes() const override { return bytes_; }

  Result<ArrayPtr> Finish() override {
    SLUICE_ASSIGN(auto builder, arrow::MakeBuilder(type_));
    auto* lists = static_cast<arrow::ListBuilder*>(builder.get());
    auto* bins = static_cast<arrow::StructBuilder*>(lists->value_builder());
    for (const Histogram& histogram : groups_) {
      if (histogram.bins().empty()) {
        SLUICE_RETURN_IF_ERROR(lists->AppendNull());
        continue;
      }
      SLUICE_RETURN_IF_ERROR(lists->Append());
      for (const Histogram::Bin& bin : histogram.bins()) {
        SLUICE_RETURN_IF_ERROR(bins->Append());
        SLUICE_RETURN_IF_ERROR(AppendRounded(bin.x, bins->field_builder(0)));
        SLUICE_RETURN_IF_ERROR(static_cast<arrow::DoubleBuilder*>(bins->field_builder(1))->Append(bin.y));
      }
    }
    return builder->Finish();
  }

 private:
  std::shared_ptr<arrow::DataType> type_;
  size_t most_;
  std::vector<Histogram> groups_;
  int64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> MakeHistogram(const AggregateCall& call, int32_t bins) {
  return std::make_unique<HistogramAccumulator>(call, bins);
}

}  // namespace sluice
