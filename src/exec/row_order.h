// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "exec/value_order.h"
#include "plan/plan.h"

namespace sluice {

// The order of rows that ORDER BY asks for; rows that are equal by it keep the order they have. Immutable.
class RowOrder {
 public:
  // One column a key. All columns have the same number of rows, below 2^31.
  static Result<RowOrder> Make(const arrow::ArrayVector& columns, const std::vector<SortKey>& keys);

  // Row numbers in order; only the first `first` of them, when given.
  std::vector<int32_t> Sorted(std::optional<int64_t> first) const;
  // A number by the first key that never contradicts the order, nulls and direction included.
  uint64_t Prefix(int64_t row) const;

 private:
  struct Key {
    std::unique_ptr<ValueOrder> values;
    bool ascending;
    bool nulls_first;
  };
  struct Entry {
    uint64_t prefix;
    int32_t row;
  };
  bool Before(const Entry& a, const Entry& b) const;
  static int Compare(const Key& key, int64_t a, int64_t b);

  int64_t rows_ = 0;
  std::vector<Key> keys_;
  bool prefix_decides_ = false;  // of the first key
};

}  // namespace sluice
