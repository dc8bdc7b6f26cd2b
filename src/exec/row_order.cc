// SPDX-License-Identifier: Apache-2.0
#include "exec/row_order.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/spark_error.h"

namespace sluice {

Result<RowOrder> RowOrder::Make(const arrow::ArrayVector& columns, const std::vector<SortKey>& keys) {
  if (columns.empty() || columns.size() != keys.size()) return InternalError("a sort without a column for each key");
  RowOrder order;
  order.rows_ = columns[0]->length();
  if (order.rows_ > std::numeric_limits<int32_t>::max()) {
    return NotSupported("More than 2^31 rows cannot be sorted at once yet.");
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    SLUICE_ASSIGN(auto values, ValueOrder::Make(columns[i]));
    order.keys_.push_back({std::move(values), keys[i].ascending, keys[i].nulls_first});
  }
  // Nulls share the outermost prefix with the outermost value, so a column with nulls is compared in full.
  const ValueOrder& first = *order.keys_[0].values;
  order.prefix_decides_ = first.prefix_decides() && first.column().null_count() == 0;
  return order;
}

uint64_t RowOrder::Prefix(int64_t row) const {
  constexpr uint64_t kTop = std::numeric_limits<uint64_t>::max();
  const Key& key = keys_[0];
  if (key.values->column().IsNull(row)) return key.nulls_first ? 0 : kTop;
  const uint64_t prefix = key.values->Prefix(row);
  return key.ascending ? prefix : ~prefix;
}

int RowOrder::Compare(const Key& key, int64_t a, int64_t b) {
  const bool a_null = key.values->column().IsNull(a);
  const bool b_null = key.values->column().IsNull(b);
  if (a_null || b_null) {
    if (a_null == b_null) return 0;
    return a_null == key.nulls_first ? -1 : 1;
  }
  const int order = key.values->Compare(a, b);
  return key.ascending ? order : -order;
}

bool RowOrder::Before(const Entry& a, const Entry& b) const {
  if (a.prefix != b.prefix) return a.prefix < b.prefix;
  for (size_t i = prefix_decides_ ? 1 : 0; i < keys_.size(); ++i) {
    const int order = Compare(keys_[i], a.row, b.row);
    if (order != 0) return order < 0;
  }
  return a.row < b.row;
}

std::vector<int32_t> RowOrder::Sorted(std::optional<int64_t> first) const {
  std::vector<Entry> entries;
  entries.reserve(static_cast<size_t>(rows_));
  for (int64_t row = 0; row < rows_; ++row) entries.push_back({Prefix(row), static_cast<int32_t>(row)});
  const auto before = [this](const Entry& a, const Entry& b) { return Before(a, b); };
  const int64_t wanted = std::clamp<int64_t>(first.value_or(rows_), 0, rows_);
  const auto end = entries.begin() + wanted;
  if (wanted < rows_) std::nth_element(entries.begin(), end, entries.end(), before);
  std::sort(entries.begin(), end, before);
  std::vector<int32_t> sorted;
  sorted.reserve(static_cast<size_t>(wanted));
  for (auto entry = entries.begin(); entry != end; ++entry) sorted.push_back(entry->row);
  return sorted;
}

}  // namespace sluice
