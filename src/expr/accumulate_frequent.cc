// SPDX-License-Identifier: Apache-2.0
// What DataFrame.freqItems gives of a column.
#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "expr/collected_values.h"
#include "expr/frequent_items.h"
#include "expr/held_bytes.h"
#include "expr/value_hash.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using ScalarPtr = std::shared_ptr<arrow::Scalar>;
using Args = std::vector<ArrayPtr>;

uint32_t HashOfLong(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  return value == static_cast<int32_t>(value) ? static_cast<uint32_t>(value)
                                              : static_cast<uint32_t>(bits ^ (bits >> 32));
}

uint32_t HashOfDouble(double value) {
  if (value == std::floor(value) && std::abs(value) < 9.2e18) return HashOfLong(static_cast<int64_t>(value));
  const auto single = static_cast<float>(value);
  if (single == value) return std::bit_cast<uint32_t>(single);
  return HashOfLong(std::bit_cast<int64_t>(value));
}

// What Scala's maps take for the hash of a value, for the types that have a simple one: Spark gives the items in the
// order of its map.
uint32_t ScalaHash(const arrow::Scalar& value) {
  if (!value.is_valid) return 0;
  switch (value.type->id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanScalar&>(value).value ? 1231 : 1237;
    case arrow::Type::INT8:
      return static_cast<uint32_t>(static_cast<const arrow::Int8Scalar&>(value).value);
    case arrow::Type::INT16:
      return static_cast<uint32_t>(static_cast<const arrow::Int16Scalar&>(value).value);
    case arrow::Type::INT32:
      return static_cast<uint32_t>(static_cast<const arrow::Int32Scalar&>(value).value);
    case arrow::Type::DATE32:
      return static_cast<uint32_t>(static_cast<const arrow::Date32Scalar&>(value).value);
    case arrow::Type::INT64:
      return HashOfLong(static_cast<const arrow::Int64Scalar&>(value).value);
    case arrow::Type::TIMESTAMP:
      return HashOfLong(static_cast<const arrow::TimestampScalar&>(value).value);
    case arrow::Type::FLOAT:
      return HashOfDouble(static_cast<double>(static_cast<const arrow::FloatScalar&>(value).value));
    case arrow::Type::DOUBLE:
      return HashOfDouble(static_cast<const arrow::DoubleScalar&>(value).value);
    case arrow::Type::STRING_VIEW:
      return Murmur::Bytes(static_cast<const arrow::BaseBinaryScalar&>(value).view(), 42);
    default:
      return 0;
  }
}

// Misra and Gries, as Spark has it (FrequentItems): at most `most` values are counted.
class FrequentItems {
 public:
  void Add(const ScalarPtr& value, int64_t count, size_t most) {
    const auto found = places_.find(value);
    if (found != places_.end()) {
      items_[found->second].count += count;
      return;
    }
    if (items_.size() < most) {
      Insert(value, count);
      return;
    }
    int64_t least = items_.empty() ? 0 : std::numeric_limits<int64_t>::max();
    for (const Item& item : items_) least = std::min(least, item.count);
    if (count < least) {
      for (Item& item : items_) item.count -= count;
      return;
    }
    Insert(value, count);
    std::erase_if(items_, [least](const Item& item) { return item.count <= least; });
    places_.clear();
    for (size_t i = 0; i < items_.size(); ++i) {
      items_[i].count -= least;
      places_.emplace(items_[i].value, i);
    }
  }

  void Merge(const FrequentItems& other, size_t most) {
    for (const size_t place : other.InOrder()) Add(other.items_[place].value, other.items_[place].count, most);
  }

  Status AppendTo(arrow::ArrayVector* values) const {
    for (const size_t place : InOrder()) {
      SLUICE_ASSIGN(auto value, arrow::MakeArrayFromScalar(*items_[place].value, 1));
      values->push_back(std::move(value));
    }
    return Status::OK();
  }

  int64_t bytes() const { return static_cast<int64_t>(items_.size()) * kItemBytes; }

 private:
  static constexpr int64_t kItemBytes = 160;  // a scalar and its places, roughly
  struct Item {
    ScalarPtr value;
    int64_t count;
  };

  void Insert(const ScalarPtr& value, int64_t count) {
    places_.emplace(value, items_.size());
    items_.push_back({value, count});
  }

  // By the slots of a hash table that is at most three quarters full.
  std::vector<size_t> InOrder() const {
    size_t slots = 16;
    while (items_.size() * 4 >= slots * 3) slots *= 2;
    struct Entry {
      size_t slot;
      int32_t hash;
      size_t place;
    };
    std::vector<Entry> entries;
    for (size_t i = 0; i < items_.size(); ++i) {
      uint32_t hash = ScalaHash(*items_[i].value);
      hash ^= hash >> 16;
      entries.push_back({hash & (slots - 1), static_cast<int32_t>(hash), i});
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.slot != b.slot ? a.slot < b.slot : a.hash < b.hash;
    });
    std::vector<size_t> order;
    for (const Entry& entry : entries) order.push_back(entry.place);
    return order;
  }

  std::vector<Item> items_;
  std::unordered_map<ScalarPtr, size_t, arrow::Scalar::Hash, arrow::Scalar::PtrsEqual> places_;
};

class FrequentItemsAccumulator : public Accumulator, public HoldsBytes {
 public:
  FrequentItemsAccumulator(const AggregateCall& call, int32_t size)
      : type_(call.type), most_(static_cast<size_t>(size)) {}

  void Resize(int64_t groups) override { groups_.resize(static_cast<size_t>(groups)); }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    for (int64_t row = 0; row < rows; ++row) {
      SLUICE_ASSIGN(const ScalarPtr value, args[0]->GetScalar(row));
      groups_[groups[row]].Add(value, 1, most_);
    }
    return Status::OK();
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const FrequentItemsAccumulator&>(other);
    for (size_t i = 0; i < from.groups_.size(); ++i) groups_[mapping[i]].Merge(from.groups_[i], most_);
    return Status::OK();
  }

  int64_t held_bytes() const override {
    int64_t bytes = 0;
    for (const FrequentItems& items : groups_) bytes += items.bytes();
    return bytes;
  }

  Result<ArrayPtr> Finish() override {
    SLUICE_ASSIGN(auto none, arrow::MakeEmptyArray(type_->field(0)->type()));
    arrow::ArrayVector values = {std::move(none)};
    CollectedValues::Grouped grouped;
    grouped.offsets.push_back(0);
    for (const FrequentItems& items : groups_) {
      SLUICE_RETURN_IF_ERROR(items.AppendTo(&values));
      grouped.offsets.push_back(static_cast<int64_t>(values.size()) - 1);
    }
    SLUICE_ASSIGN(grouped.values, arrow::Concatenate(values));
    return ListColumn(grouped, type_);
  }

 private:
  std::shared_ptr<arrow::DataType> type_;
  size_t most_;
  std::vector<FrequentItems> groups_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeFrequentItems(const AggregateCall& call, int32_t size) {
  return std::make_unique<FrequentItemsAccumulator>(call, size);
}

}  // namespace sluice
