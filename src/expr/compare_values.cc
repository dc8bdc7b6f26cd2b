// SPDX-License-Identifier: Apache-2.0
#include "expr/compare_values.h"

#include <arrow/api.h>

#include "expr/column_io.h"

namespace sluice {
namespace {

template <typename T>
int CompareOf(const arrow::Array& a, int64_t i, const arrow::Array& b, int64_t j) {
  return Compare(ColumnReader<T>(a)[i], ColumnReader<T>(b)[j]);
}

int CompareLists(const arrow::Array& a, int64_t i, const arrow::Array& b, int64_t j) {
  const auto& x = static_cast<const arrow::ListArray&>(a);
  const auto& y = static_cast<const arrow::ListArray&>(b);
  const int32_t sizes[] = {x.value_length(i), y.value_length(j)};
  for (int32_t k = 0; k < std::min(sizes[0], sizes[1]); ++k) {
    const int order = CompareAt(*x.values(), x.value_offset(i) + k, *y.values(), y.value_offset(j) + k);
    if (order != 0) return order;
  }
  return Compare(sizes[0], sizes[1]);
}

}  // namespace

int CompareAt(const arrow::Array& a, int64_t i, const arrow::Array& b, int64_t j) {
  if (a.IsNull(i) || b.IsNull(j)) return static_cast<int>(a.IsValid(i)) - static_cast<int>(b.IsValid(j));
  switch (a.type_id()) {
    case arrow::Type::BOOL:
      return CompareOf<bool>(a, i, b, j);
    case arrow::Type::INT8:
      return CompareOf<int8_t>(a, i, b, j);
    case arrow::Type::INT16:
      return CompareOf<int16_t>(a, i, b, j);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::INTERVAL_MONTHS:
      return CompareOf<int32_t>(a, i, b, j);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return CompareOf<int64_t>(a, i, b, j);
    case arrow::Type::FLOAT:
      return CompareOf<float>(a, i, b, j);
    case arrow::Type::DOUBLE:
      return CompareOf<double>(a, i, b, j);
    case arrow::Type::DECIMAL128:
      return CompareOf<arrow::Decimal128>(a, i, b, j);
    case arrow::Type::LIST:
      return CompareLists(a, i, b, j);
    case arrow::Type::STRUCT: {
      const auto& x = static_cast<const arrow::StructArray&>(a);
      const auto& y = static_cast<const arrow::StructArray&>(b);
      for (int k = 0; k < x.num_fields(); ++k) {
        const int order = CompareAt(*x.field(k), i, *y.field(k), j);
        if (order != 0) return order;
      }
      return 0;
    }
    default: {
      const auto& x = static_cast<const arrow::BinaryViewArray&>(a);
      const auto& y = static_cast<const arrow::BinaryViewArray&>(b);
      return Compare(x.GetView(i), y.GetView(j));
    }
  }
}

}  // namespace sluice
