// SPDX-License-Identifier: Apache-2.0
// count, sum and avg.
#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include "expr/accumulators.h"
#include "expr/column_io.h"
#include "expr/saved_values.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Args = std::vector<ArrayPtr>;

template <typename T>
ArrayPtr Copied(const std::vector<T>& values, const std::shared_ptr<arrow::DataType>& type) {
  auto buffer = arrow::Buffer::FromVector(std::vector<T>(values));
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<int64_t>(values.size()), {nullptr, buffer}, 0));
}

class CountAccumulator : public Accumulator, public SavedValues {
 public:
  explicit CountAccumulator(bool only_true) : only_true_(only_true) {}
  void Resize(int64_t groups) override { counts_.resize(static_cast<size_t>(groups)); }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    ValidityWriter validity(rows, arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(validity.SetFrom(args));
    if (only_true_) {
      const ColumnReader<bool> holds(*args[0]);
      for (int64_t row = 0; row < rows; ++row) counts_[groups[row]] += !validity.IsNull(row) && holds[row];
    } else if (validity.buffer() == nullptr && counts_.size() == 1) {
      counts_[0] += rows;
    } else if (validity.buffer() == nullptr) {
      for (int64_t row = 0; row < rows; ++row) ++counts_[groups[row]];
    } else {
      for (int64_t row = 0; row < rows; ++row) counts_[groups[row]] += !validity.IsNull(row);
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const CountAccumulator&>(other);
    for (size_t i = 0; i < from.counts_.size(); ++i) counts_[mapping[i]] += from.counts_[i];
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override {
    ColumnWriter<int64_t> writer(static_cast<int64_t>(counts_.size()), arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    std::copy(counts_.begin(), counts_.end(), writer.values());
    return writer.Finish(arrow::int64());
  }

  arrow::FieldVector SavedFields() const override { return {arrow::field("count", arrow::int64(), false)}; }
  Result<Args> Save() const override { return Args{Copied(counts_, arrow::int64())}; }
  Status MergeSaved(const Args& saved, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<int64_t> counts(*saved[0]);
    for (int64_t row = 0; row < rows; ++row) counts_[groups[row]] += saved[0]->IsNull(row) ? 0 : counts[row];
    return Status::OK();
  }

 private:
  bool only_true_;
  std::vector<int64_t> counts_;
};

Status AverageOverflow(const AggregateCall& call) {
  return UserError("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
                   fmt::format("{} does not fit into {}. Set spark.sql.ansi.enabled=false to get NULL.", call.display,
                               SparkTypeName(*call.type)),
                   {{"config", "\"spark.sql.ansi.enabled\""}});
}

Status SumOverflow(const AggregateCall& call) {
  return UserError(
      "ARITHMETIC_OVERFLOW",
      fmt::format("{} overflows {}. Cast its argument to a wider type such as DECIMAL(38, 0), use try_sum to get "
                  "NULL, or set spark.sql.ansi.enabled=false.",
                  call.display, SparkTypeName(*call.type)),
      {{"config", "\"spark.sql.ansi.enabled\""}});
}

// In: the column's C++ type. Sum: int64_t, double or Decimal256. Counts serve avg, and tell empty groups.
template <typename In, typename Sum>
class SumAccumulator : public Accumulator, public SavedValues {
 public:
  SumAccumulator(const AggregateCall& call, bool average)
      : call_(call), average_(average), null_on_overflow_(call.name == "try_sum") {}

  void Resize(int64_t groups) override {
    sums_.resize(static_cast<size_t>(groups));
    counts_.resize(static_cast<size_t>(groups));
    if (null_on_overflow_) broken_.resize(static_cast<size_t>(groups));
  }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    const arrow::Array& column = *args[0];
    const ColumnReader<In> values(column);
    const bool nulls = column.null_count() > 0;
    for (int64_t row = 0; row < rows; ++row) {
      if (nulls && column.IsNull(row)) continue;
      const uint32_t group = groups[row];
      ++counts_[group];
      if (!Add(group, Sum(values[row]))) return WithRow(SumOverflow(call_), row);
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const SumAccumulator&>(other);
    for (size_t i = 0; i < from.sums_.size(); ++i) {
      counts_[mapping[i]] += from.counts_[i];
      if (null_on_overflow_ && from.broken_[i]) broken_[mapping[i]] = true;
      if (!Add(mapping[i], from.sums_[i])) return SumOverflow(call_);
    }
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override {
    if constexpr (std::is_same_v<Sum, arrow::Decimal256>) {
      return FinishDecimal();
    } else {
      const auto groups = static_cast<int64_t>(sums_.size());
      ColumnWriter<Sum> writer(groups, arrow::default_memory_pool());
      SLUICE_RETURN_IF_ERROR(writer.Allocate());
      for (int64_t i = 0; i < groups; ++i) {
        const auto group = static_cast<size_t>(i);
        if (counts_[group] == 0 || (null_on_overflow_ && broken_[group])) {
          SLUICE_RETURN_IF_ERROR(writer.SetNull(i));
        } else {
          SLUICE_RETURN_IF_ERROR(
              writer.Set(i, average_ ? sums_[group] / static_cast<Sum>(counts_[group]) : sums_[group]));
        }
      }
      return writer.Finish(call_.type);
    }
  }

  // sum: its type, null until there is a value. try_sum of integers and sums of long decimals have a flag instead, avg
  // a count. Decimals of a few digits are summed by their digits alone, as Spark's optimizer has it.
  arrow::FieldVector SavedFields() const override {
    if (average_) {
      const auto type = decimal_digits() > kFewDigitsOfAverage ? SumType() : arrow::float64();
      return {arrow::field("sum", type), arrow::field("count", arrow::int64())};
    }
    if (HasFlag()) return {arrow::field("sum", SumType()), arrow::field("isEmpty", arrow::boolean(), false)};
    return {arrow::field("sum", decimal_digits() > 0 ? arrow::int64() : SumType())};
  }

  Result<Args> Save() const override {
    const arrow::FieldVector fields = SavedFields();
    SLUICE_ASSIGN(ArrayPtr sums, SavedSums(fields[0]->type()));
    if (average_) return Args{std::move(sums), Copied(counts_, arrow::int64())};
    if (!HasFlag()) return Args{std::move(sums)};
    ColumnWriter<bool> empty(static_cast<int64_t>(counts_.size()), arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(empty.Allocate());
    for (size_t i = 0; i < counts_.size(); ++i) {
      SLUICE_RETURN_IF_ERROR(empty.Set(static_cast<int64_t>(i), counts_[i] == 0));
    }
    SLUICE_ASSIGN(ArrayPtr flags, empty.Finish(arrow::boolean()));
    return Args{std::move(sums), std::move(flags)};
  }

  Status MergeSaved(const Args& saved, const uint32_t* groups, int64_t rows) override {
    const arrow::Array& sums = *saved[0];
    for (int64_t row = 0; row < rows; ++row) {
      const uint32_t group = groups[row];
      int64_t count = sums.IsNull(row) ? 0 : 1;
      if (average_) count = saved[1]->IsNull(row) ? 0 : ColumnReader<int64_t>(*saved[1])[row];
      const bool empty = HasFlag() && ColumnReader<bool>(*saved[1])[row];
      if (HasFlag()) count = empty ? 0 : 1;
      counts_[group] += count;
      if (count == 0) continue;
      if (sums.IsNull(row)) {
        // Spark writes no sum where it overflowed.
        Overflow(group);
      } else if (!Add(group, SavedSum(sums, row))) {
        return SumOverflow(call_);
      }
    }
    return Status::OK();
  }

 private:
  static constexpr int32_t kFewDigits = 8;
  static constexpr int32_t kFewDigitsOfAverage = 11;

  int32_t decimal_digits() const {
    const auto& type = *call_.args[0]->type();
    return type.id() == arrow::Type::DECIMAL128 ? static_cast<const arrow::Decimal128Type&>(type).precision() : 0;
  }
  bool HasFlag() const {
    return !average_ && (decimal_digits() > kFewDigits || (null_on_overflow_ && std::is_same_v<Sum, int64_t>));
  }
  std::shared_ptr<arrow::DataType> SumType() const {
    if constexpr (std::is_same_v<Sum, arrow::Decimal256>) {
      const auto& type = static_cast<const arrow::Decimal128Type&>(*call_.args[0]->type());
      return arrow::decimal128(std::min(38, type.precision() + 10), type.scale());
    } else if constexpr (std::is_same_v<Sum, double>) {
      return arrow::float64();
    } else {
      return arrow::int64();
    }
  }

  void Overflow(size_t group) {
    if (null_on_overflow_) broken_[group] = true;
    // Beyond any DECIMAL, and so it stays whatever is added.
    if constexpr (std::is_same_v<Sum, arrow::Decimal256>) sums_[group] = arrow::Decimal256::GetMaxValue(70);
  }

  Result<ArrayPtr> SavedSums(const std::shared_ptr<arrow::DataType>& type) const {
    if constexpr (std::is_same_v<Sum, arrow::Decimal256>) {
      if (type->id() == arrow::Type::DECIMAL128) return SavedDecimals(type);
    }
    using Saved = std::conditional_t<std::is_same_v<Sum, double>, double, int64_t>;
    if (type->id() == arrow::Type::DOUBLE) return SavedNumbers<double>(type);
    return SavedNumbers<Saved>(type);
  }

  // An avg without values has 0.0; a sum has none, unless a flag says so.
  template <typename T>
  Result<ArrayPtr> SavedNumbers(const std::shared_ptr<arrow::DataType>& type) const {
    ColumnWriter<T> writer(static_cast<int64_t>(sums_.size()), arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    for (size_t i = 0; i < sums_.size(); ++i) {
      const bool broken = null_on_overflow_ && broken_[i];
      if (broken || (counts_[i] == 0 && !average_ && !HasFlag())) {
        SLUICE_RETURN_IF_ERROR(writer.SetNull(static_cast<int64_t>(i)));
      } else if constexpr (!std::is_same_v<Sum, arrow::Decimal256>) {
        writer.values()[i] = static_cast<T>(sums_[i]);
      } else if constexpr (std::is_same_v<T, double>) {
        writer.values()[i] = sums_[i].ToDouble(0);
      } else {
        writer.values()[i] = static_cast<int64_t>(sums_[i].low_bits());
      }
    }
    return writer.Finish(type);
  }

  Result<ArrayPtr> SavedDecimals(const std::shared_ptr<arrow::DataType>& type) const {
    const int32_t digits = static_cast<const arrow::Decimal128Type&>(*type).precision();
    ColumnWriter<arrow::Decimal128> writer(static_cast<int64_t>(sums_.size()), arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    for (size_t i = 0; i < sums_.size(); ++i) {
      arrow::Decimal256 value;
      if constexpr (std::is_same_v<Sum, arrow::Decimal256>) value = sums_[i];
      if (!value.FitsInPrecision(digits)) {
        SLUICE_RETURN_IF_ERROR(writer.SetNull(static_cast<int64_t>(i)));
        continue;
      }
      const auto words = value.native_endian_array();
      SLUICE_RETURN_IF_ERROR(
          writer.Set(static_cast<int64_t>(i), arrow::Decimal128(arrow::Decimal128::WordArray{words[0], words[1]})));
    }
    return writer.Finish(type);
  }

  static Sum SavedSum(const arrow::Array& sums, int64_t row) {
    if constexpr (std::is_same_v<Sum, arrow::Decimal256>) {
      if (sums.type_id() == arrow::Type::DECIMAL128) return Sum(ColumnReader<arrow::Decimal128>(sums)[row]);
      if (sums.type_id() == arrow::Type::INT64) return Sum(ColumnReader<int64_t>(sums)[row]);
      return arrow::Decimal256::FromReal(ColumnReader<double>(sums)[row], 76, 0).ValueOr(Sum());
    } else {
      return ColumnReader<Sum>(sums)[row];
    }
  }

  // False: an overflow that is an error.
  bool Add(size_t group, const Sum& value) {
    if constexpr (std::is_same_v<Sum, int64_t>) {
      if (!__builtin_add_overflow(sums_[group], value, &sums_[group])) return true;
      if (null_on_overflow_) broken_[group] = true;
      return null_on_overflow_ || !call_.ansi;
    } else {
      sums_[group] += value;
      return true;
    }
  }

  // Whether the sum alone is a DECIMAL, however many digits its share needs.
  bool IsDecimal(size_t group) const {
    if constexpr (std::is_same_v<Sum, arrow::Decimal256>) return sums_[group].FitsInPrecision(38);
    return false;
  }

  Result<ArrayPtr> FinishDecimal() {
    const auto& type = static_cast<const arrow::Decimal128Type&>(*call_.type);
    const int32_t scale = static_cast<const arrow::Decimal128Type&>(*call_.args[0]->type()).scale();
    const auto groups = static_cast<int64_t>(sums_.size());
    ColumnWriter<arrow::Decimal128> writer(groups, arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    for (int64_t i = 0; i < groups; ++i) {
      const auto group = static_cast<size_t>(i);
      if (counts_[group] == 0) {
        SLUICE_RETURN_IF_ERROR(writer.SetNull(i));
        continue;
      }
      arrow::Decimal256 value;
      if constexpr (std::is_same_v<Sum, arrow::Decimal256>) value = sums_[group];
      if (average_) {
        // One digit more, then half up.
        SLUICE_ASSIGN(auto scaled, value.Rescale(scale, type.scale() + 1));
        SLUICE_ASSIGN(auto quotient, scaled.Divide(arrow::Decimal256(counts_[group])));
        value = arrow::Decimal256(quotient.first.ReduceScaleBy(1, true));
      }
      if (value.FitsInPrecision(type.precision())) {
        const auto words = value.native_endian_array();
        SLUICE_RETURN_IF_ERROR(writer.Set(i, arrow::Decimal128(arrow::Decimal128::WordArray{words[0], words[1]})));
      } else if (call_.ansi && !null_on_overflow_) {
        return average_ && IsDecimal(group) ? AverageOverflow(call_) : SumOverflow(call_);
      } else {
        SLUICE_RETURN_IF_ERROR(writer.SetNull(i));
      }
    }
    return writer.Finish(call_.type);
  }

  AggregateCall call_;
  bool average_;
  bool null_on_overflow_;
  std::vector<Sum> sums_;
  std::vector<int64_t> counts_;
  std::vector<bool> broken_;
};

template <typename In, typename Sum>
std::unique_ptr<Accumulator> New(const AggregateCall& call, bool average) {
  return std::make_unique<SumAccumulator<In, Sum>>(call, average);
}

// Integers are summed as Sum: BIGINT for sum, DOUBLE for avg.
template <typename Integer>
Result<std::unique_ptr<Accumulator>> MakeSums(const AggregateCall& call, bool average) {
  switch (call.args[0]->type()->id()) {
    case arrow::Type::INT8:
      return New<int8_t, Integer>(call, average);
    case arrow::Type::INT16:
      return New<int16_t, Integer>(call, average);
    case arrow::Type::INT32:
      return New<int32_t, Integer>(call, average);
    case arrow::Type::INT64:
      return New<int64_t, Integer>(call, average);
    case arrow::Type::FLOAT:
      return New<float, double>(call, average);
    case arrow::Type::DOUBLE:
      return New<double, double>(call, average);
    case arrow::Type::DECIMAL128:
      return New<arrow::Decimal128, arrow::Decimal256>(call, average);
    default:
      return InternalError("no sum of " + SparkTypeName(*call.args[0]->type()));
  }
}

}  // namespace

std::unique_ptr<Accumulator> MakeCount(const AggregateCall& call) {
  return std::make_unique<CountAccumulator>(call.name == "count_if");
}

Result<std::unique_ptr<Accumulator>> MakeSum(const AggregateCall& call) {
  return MakeSums<int64_t>(call, false);
}
Result<std::unique_ptr<Accumulator>> MakeAverage(const AggregateCall& call) {
  return MakeSums<double>(call, true);
}

}  // namespace sluice
