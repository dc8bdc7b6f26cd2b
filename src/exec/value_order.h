// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>

#include "base/status.h"

namespace sluice {

// Spark's order of the values of one column: numbers by value with -0.0 equal to 0.0 and NaN equal to itself and above
// all else, strings by their bytes, false before true, arrays and structs part by part with nulls lowest. Immutable.
class ValueOrder {
 public:
  // NotSupported for types without an order (maps). Keeps the column alive.
  static Result<std::unique_ptr<ValueOrder>> Make(const std::shared_ptr<arrow::Array>& column);
  virtual ~ValueOrder() = default;
  // Negative, 0 or positive as row a is below, equal to or above row b. Neither is null.
  virtual int Compare(int64_t a, int64_t b) const = 0;
  // A number that never contradicts the order: a smaller one means a smaller value. The row is not null.
  virtual uint64_t Prefix(int64_t row) const = 0;
  // True when equal prefixes mean equal values.
  virtual bool prefix_decides() const { return false; }
  const arrow::Array& column() const { return *column_; }

 protected:
  explicit ValueOrder(std::shared_ptr<arrow::Array> column) : column_(std::move(column)) {}

 private:
  std::shared_ptr<arrow::Array> column_;
};

}  // namespace sluice
