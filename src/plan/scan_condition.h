// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/decimal.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "expr/expr.h"

namespace sluice {

// A value as statistics have it: whole numbers, booleans, dates and timestamps; FLOAT and DOUBLE; STRING and BINARY;
// DECIMAL without its scale.
using PlainValue = std::variant<int64_t, double, std::string, arrow::Decimal128>;

// None for NULL and for types that statistics do not order.
std::optional<PlainValue> PlainValueOf(const arrow::Scalar& value);
// Spark's order, -1, 0 or 1: NaN above all else, -0.0 equal to 0.0, strings by their bytes. Both hold the same type.
int ComparePlain(const PlainValue& a, const PlainValue& b);

// What a query demands of a column of a source. Rows that do not fulfil it are dropped later in any case, so that a
// source may leave them out, or not.
struct ScanCondition {
  enum class Kind { kLess, kLessEqual, kEqual, kGreaterEqual, kGreater, kPrefix, kIsNull, kIsNotNull, kAll, kAny };
  Kind kind;
  int column = -1;                   // of the source's schema; not for kAll and kAny
  PlainValue value;                  // of the comparisons and kPrefix (a string)
  std::vector<ScanCondition> parts;  // of kAll and kAny
};

// The part of a condition over a scan that can be said as ScanCondition: every row for which `condition` is true
// fulfils it. `columns[i]`: the source's column that column i of the scan is. None when nothing can be said.
std::optional<ScanCondition> ConditionOf(const ExprPtr& condition, const std::vector<int>& columns);

// "a < 5", with names[column].
std::string ToString(const ScanCondition& condition, const std::vector<std::string>& names);

}  // namespace sluice
