// SPDX-License-Identifier: Apache-2.0
#include "exec/top_bound.h"

#include <arrow/api.h>

#include <string_view>
#include <type_traits>
#include <utility>

#include "expr/column_io.h"
#include "expr/compare_values.h"

namespace sluice {
namespace {

using Rows = std::vector<int32_t>;

struct Within {
  bool ascending;
  bool nulls;  // NULLs are within
};

// `Wide`: what PlainValue has for values of type T.
template <typename T, typename Wide>
Rows SelectWithin(const arrow::Array& keys, const PlainValue& bound, Within within) {
  Rows rows;
  const auto& wide = std::get<Wide>(bound);
  const ColumnReader<T> values(keys);
  const bool may_be_null = keys.null_count() > 0;
  for (int64_t row = 0; row < keys.length(); ++row) {
    bool is_within = within.nulls;
    if (!may_be_null || keys.IsValid(row)) {
      int order;
      if constexpr (std::is_same_v<T, std::string_view>) {
        order = Compare(values[row], std::string_view(wide));
      } else {
        order = Compare(static_cast<Wide>(values[row]), wide);
      }
      is_within = within.ascending ? order <= 0 : order >= 0;
    }
    if (is_within) rows.push_back(static_cast<int32_t>(row));
  }
  return rows;
}

std::optional<Rows> SelectWithin(const arrow::Array& keys, const PlainValue& bound, Within within) {
  switch (keys.type_id()) {
    case arrow::Type::BOOL:
      return SelectWithin<bool, int64_t>(keys, bound, within);
    case arrow::Type::INT8:
      return SelectWithin<int8_t, int64_t>(keys, bound, within);
    case arrow::Type::INT16:
      return SelectWithin<int16_t, int64_t>(keys, bound, within);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return SelectWithin<int32_t, int64_t>(keys, bound, within);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
      return SelectWithin<int64_t, int64_t>(keys, bound, within);
    case arrow::Type::FLOAT:
      return SelectWithin<float, double>(keys, bound, within);
    case arrow::Type::DOUBLE:
      return SelectWithin<double, double>(keys, bound, within);
    case arrow::Type::DECIMAL128:
      return SelectWithin<arrow::Decimal128, arrow::Decimal128>(keys, bound, within);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return SelectWithin<std::string_view, std::string>(keys, bound, within);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool TopBound::IsStricter(const Value& value) const {
  if (value_ == nullptr) return true;
  if (!value || !*value_) return value.has_value() != value_->has_value() && value.has_value() != nulls_first_;
  const int order = ComparePlain(*value, **value_);
  return ascending_ ? order < 0 : order > 0;
}

void TopBound::Tighten(const std::optional<PlainValue>& value) {
  if (!value && !nulls_first_) return;  // the very last one bounds nothing
  std::lock_guard lock(mutex_);
  if (IsStricter(value)) value_ = std::make_shared<const Value>(value);
}

Status TopBound::TightenTo(const arrow::Array& keys, int64_t row) {
  SLUICE_ASSIGN(const auto scalar, keys.GetScalar(row));
  Value value = PlainValueOf(*scalar);
  if (value || !scalar->is_valid) Tighten(value);
  return Status::OK();
}

std::optional<Rows> TopBound::RowsWithin(const arrow::Array& keys) const {
  const auto bound = value();
  if (bound == nullptr) return std::nullopt;
  if (*bound) return SelectWithin(keys, **bound, {ascending_, nulls_first_});
  Rows rows;
  for (int64_t row = 0; row < keys.length(); ++row) {
    if (keys.IsNull(row)) rows.push_back(static_cast<int32_t>(row));
  }
  return rows;
}

std::optional<ScanCondition> TopBound::ConditionOn(int column) const {
  using Kind = ScanCondition::Kind;
  const auto bound = value();
  if (bound == nullptr) return std::nullopt;
  ScanCondition is_null{Kind::kIsNull, column, {}, {}};
  if (!*bound) return is_null;
  ScanCondition within{ascending_ ? Kind::kLessEqual : Kind::kGreaterEqual, column, **bound, {}};
  if (!nulls_first_) return within;
  return ScanCondition{Kind::kAny, -1, {}, {std::move(within), std::move(is_null)}};
}

}  // namespace sluice
