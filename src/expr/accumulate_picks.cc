// SPDX-License-Identifier: Apache-2.0
// min, max, first and last: aggregates whose value is one of their arguments.
#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include "expr/accumulators.h"
#include "expr/column_io.h"
#include "expr/compare_values.h"
#include "expr/gather.h"
#include "expr/saved_values.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Args = std::vector<ArrayPtr>;

// T: the column's C++ type; texts are kept as copies.
template <typename T>
class ExtremeAccumulator : public Accumulator, public SavedValues {
  using Kept = std::conditional_t<std::is_same_v<T, std::string_view>, std::string,
                                  std::conditional_t<std::is_same_v<T, bool>, char, T>>;

 public:
  ExtremeAccumulator(std::shared_ptr<arrow::DataType> type, int sign) : type_(std::move(type)), sign_(sign) {}

  void Resize(int64_t groups) override {
    best_.resize(static_cast<size_t>(groups));
    seen_.resize(static_cast<size_t>(groups));
  }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    const arrow::Array& column = *args[0];
    const ColumnReader<T> values(column);
    const bool nulls = column.null_count() > 0;
    for (int64_t row = 0; row < rows; ++row) {
      if (nulls && column.IsNull(row)) continue;
      Offer(groups[row], values[row]);
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const ExtremeAccumulator&>(other);
    for (size_t i = 0; i < from.best_.size(); ++i) {
      if (from.seen_[i]) Offer(mapping[i], static_cast<T>(from.best_[i]));
    }
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override { return Values(); }
  arrow::FieldVector SavedFields() const override { return {arrow::field(sign_ > 0 ? "max" : "min", type_)}; }
  Result<Args> Save() const override {
    SLUICE_ASSIGN(ArrayPtr values, Values());
    return Args{std::move(values)};
  }
  Status MergeSaved(const Args& saved, const uint32_t* groups, int64_t rows) override {
    return Update(saved, groups, rows);
  }

 private:
  Result<ArrayPtr> Values() const {
    const auto groups = static_cast<int64_t>(best_.size());
    WriterOf<T> writer(groups, arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    for (int64_t i = 0; i < groups; ++i) {
      const auto group = static_cast<size_t>(i);
      SLUICE_RETURN_IF_ERROR(seen_[group] ? writer.Set(i, static_cast<T>(best_[group])) : writer.SetNull(i));
    }
    return writer.Finish(type_);
  }

  void Offer(size_t group, const T& value) {
    if (seen_[group] && Compare(value, static_cast<T>(best_[group])) * sign_ <= 0) return;
    best_[group] = Kept(value);
    seen_[group] = 1;
  }

  std::shared_ptr<arrow::DataType> type_;
  int sign_;
  std::vector<Kept> best_;
  std::vector<char> seen_;
};

// Any type: the picked rows are gathered, batch by batch, and thinned out when most of them are superseded.
class PickedAccumulator : public Accumulator, public SavedValues {
 public:
  PickedAccumulator(std::shared_ptr<arrow::DataType> type, bool last, bool ignore_nulls)
      : type_(std::move(type)), last_(last), ignore_nulls_(ignore_nulls) {}

  void Resize(int64_t groups) override { places_.resize(static_cast<size_t>(groups), -1); }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    return Take(args[0], groups, rows, [&](int64_t row) { return !ignore_nulls_ || args[0]->IsValid(row); });
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const PickedAccumulator&>(other);
    SLUICE_ASSIGN(auto values, from.Values());
    std::vector<int64_t> taken;
    for (size_t i = 0; i < from.places_.size(); ++i) {
      int64_t& place = places_[mapping[i]];
      if (from.places_[i] < 0 || (place >= 0 && !last_)) continue;
      place = stored_ + static_cast<int64_t>(taken.size());
      taken.push_back(static_cast<int64_t>(i));
    }
    return Store(values, taken);
  }

  Result<ArrayPtr> Finish() override { return Values(); }

  arrow::FieldVector SavedFields() const override {
    return {arrow::field(last_ ? "last" : "first", type_), arrow::field("valueSet", arrow::boolean())};
  }
  Result<Args> Save() const override {
    SLUICE_ASSIGN(ArrayPtr values, Values());
    ColumnWriter<bool> set(static_cast<int64_t>(places_.size()), arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(set.Allocate());
    for (size_t i = 0; i < places_.size(); ++i) {
      SLUICE_RETURN_IF_ERROR(set.Set(static_cast<int64_t>(i), places_[i] >= 0));
    }
    SLUICE_ASSIGN(ArrayPtr flags, set.Finish(arrow::boolean()));
    return Args{std::move(values), std::move(flags)};
  }
  Status MergeSaved(const Args& saved, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<bool> set(*saved[1]);
    return Take(saved[0], groups, rows, [&](int64_t row) { return saved[1]->IsValid(row) && set[row]; });
  }

 private:
  // Offers the rows for which `counts` holds.
  template <typename Counts>
  Status Take(const ArrayPtr& column, const uint32_t* groups, int64_t rows, const Counts& counts) {
    std::vector<int64_t> taken;
    for (int64_t row = 0; row < rows; ++row) {
      if (!counts(row)) continue;
      int64_t& place = places_[groups[row]];
      if (place >= 0 && !last_) continue;
      if (place >= stored_) {
        taken[static_cast<size_t>(place - stored_)] = row;
        continue;
      }
      place = stored_ + static_cast<int64_t>(taken.size());
      taken.push_back(row);
    }
    return Store(column, taken);
  }

  Result<ArrayPtr> Values() const {
    arrow::MemoryPool* pool = arrow::default_memory_pool();
    if (chunks_.empty()) return arrow::MakeArrayOfNull(type_, static_cast<int64_t>(places_.size()), pool);
    SLUICE_ASSIGN(auto all, arrow::Concatenate(chunks_, pool));
    return TakeRows(all, places_, pool);
  }

  // Copies texts, so that a few values do not keep a whole batch alive.
  static Result<ArrayPtr> Copy(const ArrayPtr& values) {
    if (!arrow::is_binary_view_like(values->type_id())) return values;
    ViewWriter writer(values->length(), arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({values}));
    const ColumnReader<std::string_view> texts(*values);
    for (int64_t row = 0; row < values->length(); ++row) {
      if (values->IsValid(row)) SLUICE_RETURN_IF_ERROR(writer.Set(row, texts[row]));
    }
    return writer.Finish(values->type());
  }

  Status Store(const ArrayPtr& column, const std::vector<int64_t>& rows) {
    if (rows.empty()) return Status::OK();
    SLUICE_ASSIGN(auto values, TakeRows(column, rows, arrow::default_memory_pool()));
    SLUICE_ASSIGN(values, Copy(values));
    chunks_.push_back(std::move(values));
    stored_ += static_cast<int64_t>(rows.size());
    constexpr int64_t kSlack = 4096;
    if (stored_ < 2 * static_cast<int64_t>(places_.size()) + kSlack) return Status::OK();
    SLUICE_ASSIGN(auto thin, Values());
    SLUICE_ASSIGN(thin, Copy(thin));
    for (size_t i = 0; i < places_.size(); ++i) {
      if (places_[i] >= 0) places_[i] = static_cast<int64_t>(i);
    }
    chunks_ = {std::move(thin)};
    stored_ = static_cast<int64_t>(places_.size());
    return Status::OK();
  }

  std::shared_ptr<arrow::DataType> type_;
  bool last_;
  bool ignore_nulls_;
  std::vector<int64_t> places_;  // of each group in the chunks, or -1
  arrow::ArrayVector chunks_;
  int64_t stored_ = 0;
};

}  // namespace

Result<std::unique_ptr<Accumulator>> MakeExtreme(const AggregateCall& call, int sign) {
  const auto make = [&]<typename T>(T) -> std::unique_ptr<Accumulator> {
    return std::make_unique<ExtremeAccumulator<T>>(call.type, sign);
  };
  switch (call.type->id()) {
    case arrow::Type::BOOL:
      return make(bool{});
    case arrow::Type::INT8:
      return make(int8_t{});
    case arrow::Type::INT16:
      return make(int16_t{});
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::INTERVAL_MONTHS:
      return make(int32_t{});
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return make(int64_t{});
    case arrow::Type::FLOAT:
      return make(float{});
    case arrow::Type::DOUBLE:
      return make(double{});
    case arrow::Type::DECIMAL128:
      return make(arrow::Decimal128{});
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return make(std::string_view{});
    case arrow::Type::NA:
      return MakePicked(call, false, false);
    default:
      return MakeValueBy(call, sign);
  }
}

std::unique_ptr<Accumulator> MakePicked(const AggregateCall& call, bool last, bool ignore_nulls) {
  return std::make_unique<PickedAccumulator>(call.type, last, ignore_nulls);
}

}  // namespace sluice
