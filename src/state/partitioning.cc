// SPDX-License-Identifier: Apache-2.0
#include "state/partitioning.h"

#include <arrow/api.h>

#include "expr/value_hash.h"

namespace sluice {
namespace {

constexpr uint32_t kSeed = 42;

void MixColumn(const arrow::Array& column, std::vector<uint32_t>* hashes) {
  // A struct hashes as its fields do; to make those anew for each row is slow.
  if (column.type_id() == arrow::Type::STRUCT && column.null_count() == 0) {
    for (const auto& field : static_cast<const arrow::StructArray&>(column).fields()) MixColumn(*field, hashes);
    return;
  }
  for (size_t row = 0; row < hashes->size(); ++row) {
    (*hashes)[row] = HashAt<Murmur>(column, static_cast<int64_t>(row), (*hashes)[row]);
  }
}

}  // namespace

std::vector<int32_t> PartitionsOf(const arrow::ArrayVector& keys, int64_t rows, int32_t partitions) {
  std::vector<uint32_t> hashes(static_cast<size_t>(rows), kSeed);
  for (const auto& key : keys) MixColumn(*key, &hashes);
  std::vector<int32_t> result(hashes.size());
  for (size_t row = 0; row < hashes.size(); ++row) {
    const int32_t remainder = static_cast<int32_t>(hashes[row]) % partitions;
    result[row] = remainder < 0 ? remainder + partitions : remainder;
  }
  return result;
}

std::optional<int> PartitioningColumns(std::string_view operator_name, std::string_view store, int prefix_columns,
                                       int columns) {
  if (operator_name == "stateStoreSave" || operator_name.starts_with("dedupe")) return columns;
  if (operator_name == "sessionWindowStateStoreSaveExec") return prefix_columns;
  if (operator_name != "symmetricHashJoin") return std::nullopt;
  if (store.ends_with("-keyToNumValues")) return columns;
  // The last column tells rows of equal keys apart.
  return store.ends_with("-keyWithIndexToValue") ? std::optional(columns - 1) : std::nullopt;
}

}  // namespace sluice
