// SPDX-License-Identifier: Apache-2.0
#include "exec/value_order.h"

#include <arrow/api.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;

// Maps a number onto unsigned ones in its order.
template <typename Value>
uint64_t OrderedBits(Value value) {
  if constexpr (std::is_floating_point_v<Value>) {
    double wide = value;
    if (std::isnan(wide)) return std::numeric_limits<uint64_t>::max();
    wide += 0.0;  // -0.0 becomes 0.0
    const auto bits = std::bit_cast<uint64_t>(wide);
    return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ kSignBit;
  }
}

int Sign(uint64_t a, uint64_t b) {
  return a < b ? -1 : static_cast<int>(a > b);
}

template <typename Value>
class NumberOrder : public ValueOrder {
 public:
  explicit NumberOrder(std::shared_ptr<arrow::Array> column)
      : ValueOrder(std::move(column)), values_(this->column().data()->template GetValues<Value>(1)) {}
  int Compare(int64_t a, int64_t b) const override { return Sign(Prefix(a), Prefix(b)); }
  uint64_t Prefix(int64_t row) const override { return OrderedBits(values_[row]); }
  bool prefix_decides() const override { return true; }

 private:
  const Value* values_;
};

class BooleanOrder : public ValueOrder {
 public:
  explicit BooleanOrder(std::shared_ptr<arrow::Array> column) : ValueOrder(std::move(column)) {}
  int Compare(int64_t a, int64_t b) const override { return Sign(Prefix(a), Prefix(b)); }
  uint64_t Prefix(int64_t row) const override {
    return static_cast<const arrow::BooleanArray&>(column()).Value(row) ? 1 : 0;
  }
  bool prefix_decides() const override { return true; }
};

class DecimalOrder : public ValueOrder {
 public:
  explicit DecimalOrder(std::shared_ptr<arrow::Array> column) : ValueOrder(std::move(column)) {}
  int Compare(int64_t a, int64_t b) const override {
    const arrow::Decimal128 x = Value(a);
    const arrow::Decimal128 y = Value(b);
    return x < y ? -1 : static_cast<int>(y < x);
  }
  // The 64 bits below those that only very large decimals use, clamped.
  uint64_t Prefix(int64_t row) const override {
    const arrow::Decimal128 value = Value(row);
    const bool fits = value.high_bits() == (static_cast<int64_t>(value.low_bits()) < 0 ? -1 : 0);
    if (fits) return OrderedBits(static_cast<int64_t>(value.low_bits()));
    return value.high_bits() < 0 ? 0 : std::numeric_limits<uint64_t>::max();
  }

 private:
  arrow::Decimal128 Value(int64_t row) const {
    return arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(column()).GetValue(row));
  }
};

class BytesOrder : public ValueOrder {
 public:
  explicit BytesOrder(std::shared_ptr<arrow::Array> column)
      : ValueOrder(std::move(column)), values_(static_cast<const arrow::BinaryViewArray&>(this->column())) {}
  int Compare(int64_t a, int64_t b) const override { return values_.GetView(a).compare(values_.GetView(b)); }
  uint64_t Prefix(int64_t row) const override {
    const std::string_view value = values_.GetView(row);
    uint64_t prefix = 0;
    std::memcpy(&prefix, value.data(), std::min(value.size(), sizeof(prefix)));
    return __builtin_bswap64(prefix);
  }

 private:
  const arrow::BinaryViewArray& values_;
};

// Nulls inside arrays and structs are lower than any value.
int CompareParts(const ValueOrder& order, int64_t a, int64_t b) {
  const bool a_null = order.column().IsNull(a);
  const bool b_null = order.column().IsNull(b);
  if (a_null || b_null) return static_cast<int>(b_null) - static_cast<int>(a_null);
  return order.Compare(a, b);
}

class ListOrder : public ValueOrder {
 public:
  ListOrder(std::shared_ptr<arrow::Array> column, std::unique_ptr<ValueOrder> elements)
      : ValueOrder(std::move(column)), elements_(std::move(elements)) {}
  int Compare(int64_t a, int64_t b) const override {
    const auto& lists = static_cast<const arrow::ListArray&>(column());
    const int64_t a_size = lists.value_length(a);
    const int64_t b_size = lists.value_length(b);
    for (int64_t i = 0; i < std::min(a_size, b_size); ++i) {
      const int order = CompareParts(*elements_, lists.value_offset(a) + i, lists.value_offset(b) + i);
      if (order != 0) return order;
    }
    return a_size < b_size ? -1 : static_cast<int>(a_size > b_size);
  }
  uint64_t Prefix(int64_t) const override { return 0; }

 private:
  std::unique_ptr<ValueOrder> elements_;
};

class StructOrder : public ValueOrder {
 public:
  StructOrder(std::shared_ptr<arrow::Array> column, std::vector<std::unique_ptr<ValueOrder>> fields)
      : ValueOrder(std::move(column)), fields_(std::move(fields)) {}
  int Compare(int64_t a, int64_t b) const override {
    for (const auto& field : fields_) {
      const int order = CompareParts(*field, a, b);
      if (order != 0) return order;
    }
    return 0;
  }
  uint64_t Prefix(int64_t) const override { return 0; }

 private:
  std::vector<std::unique_ptr<ValueOrder>> fields_;
};

// All values are null, so nothing is ever compared.
class NullOrder : public ValueOrder {
 public:
  explicit NullOrder(std::shared_ptr<arrow::Array> column) : ValueOrder(std::move(column)) {}
  int Compare(int64_t, int64_t) const override { return 0; }
  uint64_t Prefix(int64_t) const override { return 0; }
};

Result<std::unique_ptr<ValueOrder>> MakeNested(const std::shared_ptr<arrow::Array>& column) {
  if (column->type_id() == arrow::Type::LIST) {
    SLUICE_ASSIGN(auto elements, ValueOrder::Make(static_cast<const arrow::ListArray&>(*column).values()));
    return std::make_unique<ListOrder>(column, std::move(elements));
  }
  std::vector<std::unique_ptr<ValueOrder>> fields;
  for (const auto& field : static_cast<const arrow::StructArray&>(*column).fields()) {
    SLUICE_ASSIGN(auto order, ValueOrder::Make(field));
    fields.push_back(std::move(order));
  }
  return std::make_unique<StructOrder>(column, std::move(fields));
}

}  // namespace

Result<std::unique_ptr<ValueOrder>> ValueOrder::Make(const std::shared_ptr<arrow::Array>& column) {
  switch (column->type_id()) {
    case arrow::Type::NA:
      return std::make_unique<NullOrder>(column);
    case arrow::Type::BOOL:
      return std::make_unique<BooleanOrder>(column);
    case arrow::Type::INT8:
      return std::make_unique<NumberOrder<int8_t>>(column);
    case arrow::Type::INT16:
      return std::make_unique<NumberOrder<int16_t>>(column);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::INTERVAL_MONTHS:
      return std::make_unique<NumberOrder<int32_t>>(column);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return std::make_unique<NumberOrder<int64_t>>(column);
    case arrow::Type::FLOAT:
      return std::make_unique<NumberOrder<float>>(column);
    case arrow::Type::DOUBLE:
      return std::make_unique<NumberOrder<double>>(column);
    case arrow::Type::DECIMAL128:
      return std::make_unique<DecimalOrder>(column);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return std::make_unique<BytesOrder>(column);
    case arrow::Type::LIST:
    case arrow::Type::STRUCT:
      return MakeNested(column);
    default:
      return NotSupported("Values of type " + column->type()->ToString() + " have no order to sort by.");
  }
}

}  // namespace sluice
