// SPDX-License-Identifier: Apache-2.0
#include "expr/functions/lists.h"

#include <algorithm>

#include "base/spark_error.h"
#include "expr/compare_values.h"
#include "types/spark_type.h"
#include "types/value_formatter.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

Status DuplicatedKey(const arrow::Array& keys, int64_t at) {
  const auto text = FormatValue(keys, at, "UTC");
  return UserError("DUPLICATED_MAP_KEY", "A map has the same key twice.", {{"key", text.ok() ? *text : ""}});
}

// Of the keys [begin, end): the work is that of a sort.
Status CheckUnique(const arrow::Array& keys, int64_t begin, int64_t end, Rows* scratch) {
  scratch->clear();
  for (int64_t i = begin; i < end; ++i) {
    if (keys.IsNull(i)) return UserError("NULL_MAP_KEY", "A key of a map is NULL.");
    scratch->push_back(i);
  }
  std::sort(scratch->begin(), scratch->end(), [&](int64_t a, int64_t b) { return CompareAt(keys, a, keys, b) < 0; });
  const auto twice = std::adjacent_find(scratch->begin(), scratch->end(),
                                        [&](int64_t a, int64_t b) { return CompareAt(keys, a, keys, b) == 0; });
  return twice == scratch->end() ? Status::OK() : DuplicatedKey(keys, *twice);
}

}  // namespace

ArrayPtr ListOf(const KernelCall& call, std::shared_ptr<arrow::Buffer> validity, std::shared_ptr<arrow::Buffer> offsets,
                const arrow::Array& entries) {
  auto data = arrow::ArrayData::Make(call.node.type(), call.rows, {std::move(validity), std::move(offsets)});
  data->child_data = {entries.data()};
  return arrow::MakeArray(std::move(data));
}

Result<ArrayPtr> MapColumn(const KernelCall& call, std::shared_ptr<arrow::Buffer> validity,
                           std::shared_ptr<arrow::Buffer> offsets, const ArrayPtr& keys, const ArrayPtr& values) {
  const auto* bounds = reinterpret_cast<const int32_t*>(offsets->data());
  Rows scratch;
  for (int64_t row = 0; row < call.rows; ++row) {
    const Status unique = CheckUnique(*keys, bounds[row], bounds[row + 1], &scratch);
    if (!unique.ok()) return WithRow(unique, row);
  }
  auto entries = arrow::ArrayData::Make(call.node.type()->field(0)->type(), keys->length(), {nullptr}, 0);
  entries->child_data = {keys->data(), values->data()};
  auto data = arrow::ArrayData::Make(call.node.type(), call.rows, {std::move(validity), std::move(offsets)});
  data->child_data = {std::move(entries)};
  return arrow::MakeArray(std::move(data));
}

}  // namespace sluice
