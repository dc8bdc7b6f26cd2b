// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>

#include <memory>
#include <vector>

#include "expr/gather.h"
#include "expr/map_rows.h"
#include "expr/result_pool.h"
#include "expr/value_text.h"

namespace sluice {

// What functions on arrays and maps have in common: both are lists of entries.
using Rows = std::vector<int64_t>;

inline const int32_t* ListOffsets(const arrow::Array& list) {
  return list.data()->GetValues<int32_t>(1);
}

inline std::shared_ptr<arrow::Array> ListEntries(const arrow::Array& list) {
  return arrow::MakeArray(list.data()->child_data[0]);
}

// Whether `more` entries beside those that are picked already may be picked for a row.
inline Status CheckMore(const KernelCall& call, const Rows& picked, int64_t more) {
  SLUICE_RETURN_IF_ERROR(CheckListSize(call.context, more));
  return CheckElements(PoolOf(call.context), static_cast<int64_t>(picked.size()) + more);
}

// A list column of the call's type over entries that are there.
std::shared_ptr<arrow::Array> ListOf(const KernelCall& call, std::shared_ptr<arrow::Buffer> validity,
                                     std::shared_ptr<arrow::Buffer> offsets, const arrow::Array& entries);

// A list column made of picked entries of another one: pick(row, &rows) adds the entries of a row; -1 is NULL.
template <typename Pick>
Result<std::shared_ptr<arrow::Array>> PickEntries(const KernelCall& call, const std::shared_ptr<arrow::Array>& entries,
                                                  ValidityWriter* validity, Pick pick) {
  Rows picked;
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  offsets[0] = 0;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (!validity->IsNull(row)) {
      if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
      const Status status = pick(row, &picked);
      if (!status.ok()) return WithRow(status, row);
    }
    offsets[row + 1] = static_cast<int32_t>(picked.size());
  }
  SLUICE_ASSIGN(auto values, TakeRows(entries, picked, PoolOf(call.context)));
  return ListOf(call, validity->buffer(), std::move(buffer), *values);
}

// A map column of the call's type. DUPLICATED_MAP_KEY when a row has a key twice, NULL_MAP_KEY for a NULL one.
Result<std::shared_ptr<arrow::Array>> MapColumn(const KernelCall& call, std::shared_ptr<arrow::Buffer> validity,
                                                std::shared_ptr<arrow::Buffer> offsets,
                                                const std::shared_ptr<arrow::Array>& keys,
                                                const std::shared_ptr<arrow::Array>& values);

}  // namespace sluice
