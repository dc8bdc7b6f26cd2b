// SPDX-License-Identifier: Apache-2.0
// bit_and, bit_or, bit_xor and product.
#include <arrow/api.h>

#include "expr/accumulators.h"
#include "expr/column_io.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Puts values together with an operator; NULL where there was none.
template <typename T, typename Combine>
class FoldAccumulator : public Accumulator {
 public:
  FoldAccumulator(std::shared_ptr<arrow::DataType> type, Combine combine)
      : type_(std::move(type)), combine_(std::move(combine)) {}

  void Resize(int64_t groups) override {
    values_.resize(static_cast<size_t>(groups));
    seen_.resize(static_cast<size_t>(groups));
  }

  Status Update(const std::vector<ArrayPtr>& args, const uint32_t* groups, int64_t rows) override {
    const ColumnReader<T> values(*args[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (args[0]->IsValid(row)) Offer(groups[row], values[row]);
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const FoldAccumulator&>(other);
    for (size_t i = 0; i < from.values_.size(); ++i) {
      if (from.seen_[i]) Offer(mapping[i], from.values_[i]);
    }
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override {
    const auto groups = static_cast<int64_t>(values_.size());
    ColumnWriter<T> writer(groups, arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    for (int64_t i = 0; i < groups; ++i) {
      const auto group = static_cast<size_t>(i);
      SLUICE_RETURN_IF_ERROR(seen_[group] ? writer.Set(i, values_[group]) : writer.SetNull(i));
    }
    return writer.Finish(type_);
  }

 private:
  void Offer(size_t group, T value) {
    values_[group] = seen_[group] ? combine_(values_[group], value) : value;
    seen_[group] = 1;
  }

  std::shared_ptr<arrow::DataType> type_;
  Combine combine_;
  std::vector<T> values_;
  std::vector<char> seen_;
};

template <typename T, typename Combine>
std::unique_ptr<Accumulator> MakeFold(const AggregateCall& call, Combine combine) {
  return std::make_unique<FoldAccumulator<T, Combine>>(call.type, std::move(combine));
}

template <typename T>
std::unique_ptr<Accumulator> MakeBitsOf(const AggregateCall& call, char operation) {
  return MakeFold<T>(call, [operation](T a, T b) {
    return static_cast<T>(operation == '&' ? a & b : operation == '|' ? a | b : a ^ b);
  });
}

}  // namespace

Result<std::unique_ptr<Accumulator>> MakeBits(const AggregateCall& call, char operation) {
  switch (call.type->id()) {
    case arrow::Type::INT8:
      return MakeBitsOf<int8_t>(call, operation);
    case arrow::Type::INT16:
      return MakeBitsOf<int16_t>(call, operation);
    case arrow::Type::INT32:
      return MakeBitsOf<int32_t>(call, operation);
    default:
      return MakeBitsOf<int64_t>(call, operation);
  }
}

std::unique_ptr<Accumulator> MakeProduct(const AggregateCall& call) {
  return MakeFold<double>(call, [](double a, double b) { return a * b; });
}

}  // namespace sluice
