// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "plan/scan_condition.h"

namespace sluice {

// What is known of a column's values in a group of rows.
struct ColumnRange {
  int64_t rows = 0;
  std::optional<int64_t> nulls;
  // No value is beyond these, NULL and NaN aside; the values themselves need not be there.
  std::optional<PlainValue> least;
  std::optional<PlainValue> greatest;
  bool may_be_nan = false;
};

using RangeOf = std::function<ColumnRange(int column)>;

// False only when no row of the group can fulfil the condition.
bool MayHold(const ScanCondition& condition, const RangeOf& range_of);

}  // namespace sluice
