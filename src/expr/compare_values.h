// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/decimal.h>

#include <cmath>
#include <cstring>
#include <string_view>

#include "base/status.h"

namespace sluice {

// Spark's order of values: -1, 0 or 1. NaN is the greatest and equals itself; -0.0 equals 0.0; strings go by bytes.
template <typename T>
int Compare(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  }
  return a < b ? -1 : b < a ? 1 : 0;
}

inline int Compare(std::string_view a, std::string_view b) {
  const int order = std::memcmp(a.data(), b.data(), a.size() < b.size() ? a.size() : b.size());
  if (order != 0) return order < 0 ? -1 : 1;
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

// Any two values of columns of one type; NULL comes first. Nested values compare by their parts.
int CompareAt(const arrow::Array& a, int64_t i, const arrow::Array& b, int64_t j);

}  // namespace sluice
