// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/status.h"
#include "plan/scan_condition.h"

namespace sluice {

// What is known of the first rows by one sort key: that enough rows do not come after a certain value, so that rows
// which do can be dropped, wherever they are found. Shared by the parts of a sort; only gets stricter; thread-safe.
// Keys of nested types are never bounded.
class TopBound {
 public:
  TopBound(bool ascending, bool nulls_first) : ascending_(ascending), nulls_first_(nulls_first) {}
  // Enough rows do not come after this value; none: after NULL.
  void Tighten(const std::optional<PlainValue>& value);
  // The same, by the value in a row of the key's column.
  Status TightenTo(const arrow::Array& keys, int64_t row);

  // The rows that may be among the first, in order; none: all of them, nothing is known.
  std::optional<std::vector<int32_t>> RowsWithin(const arrow::Array& keys) const;
  // What those rows fulfil, said of a column of a source.
  std::optional<ScanCondition> ConditionOn(int column) const;

 private:
  using Value = std::optional<PlainValue>;  // none: NULL
  std::shared_ptr<const Value> value() const {
    std::lock_guard lock(mutex_);
    return value_;
  }
  bool IsStricter(const Value& value) const;  // with the lock held

  const bool ascending_;
  const bool nulls_first_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Value> value_;  // null: nothing is known
};

}  // namespace sluice
