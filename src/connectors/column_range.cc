// SPDX-License-Identifier: Apache-2.0
#include "connectors/column_range.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace sluice {
namespace {

using Kind = ScanCondition::Kind;

bool IsNan(const PlainValue& value) {
  const auto* number = std::get_if<double>(&value);
  return number != nullptr && std::isnan(*number);
}

// The order of a bound against the value, or nothing when there is no bound or they are of different types.
std::optional<int> Against(const std::optional<PlainValue>& bound, const PlainValue& value) {
  if (!bound || bound->index() != value.index()) return std::nullopt;
  return ComparePlain(*bound, value);
}

bool MayBeginWith(const ColumnRange& range, const PlainValue& prefix) {
  const auto* text = std::get_if<std::string>(&prefix);
  if (text == nullptr) return true;
  const auto order = [&](const std::optional<PlainValue>& bound) -> std::optional<int> {
    if (!bound || !std::holds_alternative<std::string>(*bound)) return std::nullopt;
    return ComparePlain(std::get<std::string>(*bound).substr(0, text->size()), *text);
  };
  return order(range.least).value_or(0) <= 0 && order(range.greatest).value_or(0) >= 0;
}

bool MayCompare(const ScanCondition& condition, const ColumnRange& range) {
  const bool nan = IsNan(condition.value);
  const std::optional<int> least = Against(range.least, condition.value);
  const std::optional<int> greatest = Against(range.greatest, condition.value);
  switch (condition.kind) {
    case Kind::kLess:
      return least.value_or(-1) < 0;
    case Kind::kLessEqual:
      return least.value_or(-1) <= 0 || (nan && range.may_be_nan);
    case Kind::kEqual:
      if (nan) return range.may_be_nan;
      return least.value_or(-1) <= 0 && greatest.value_or(1) >= 0;
    case Kind::kGreaterEqual:
      return range.may_be_nan || greatest.value_or(1) >= 0;
    case Kind::kGreater:
      return (range.may_be_nan && !nan) || greatest.value_or(1) > 0;
    default:
      return true;
  }
}

}  // namespace

bool MayHold(const ScanCondition& condition, const RangeOf& range_of) {
  const auto may_hold = [&](const ScanCondition& part) { return MayHold(part, range_of); };
  if (condition.kind == Kind::kAll) return std::all_of(condition.parts.begin(), condition.parts.end(), may_hold);
  if (condition.kind == Kind::kAny) return std::any_of(condition.parts.begin(), condition.parts.end(), may_hold);
  const ColumnRange range = range_of(condition.column);
  if (range.rows == 0) return false;
  if (condition.kind == Kind::kIsNull) return range.nulls != 0;
  if (range.nulls == range.rows) return false;
  if (condition.kind == Kind::kPrefix) return MayBeginWith(range, condition.value);
  return MayCompare(condition, range);
}

}  // namespace sluice
