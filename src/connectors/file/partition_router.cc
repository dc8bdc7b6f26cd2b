// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/partition_router.h"

#include <arrow/api.h>

#include <utility>

#include "connectors/file/partition_path.h"

namespace sluice {
namespace {

constexpr size_t kRememberedFolders = 4096;

// Appends bytes that are equal for equal values of the column and differ for others.
void AppendKey(const arrow::Array& array, int64_t row, std::string* key) {
  const bool valid = array.IsValid(row);
  key->push_back(valid ? '\1' : '\0');
  if (!valid) return;
  const arrow::Type::type id = array.type_id();
  if (id == arrow::Type::STRING_VIEW || id == arrow::Type::BINARY_VIEW) {
    const std::string_view text = static_cast<const arrow::BinaryViewArray&>(array).GetView(row);
    const auto size = static_cast<uint32_t>(text.size());
    key->append(reinterpret_cast<const char*>(&size), sizeof(size));
    key->append(text);
  } else if (id == arrow::Type::BOOL) {
    key->push_back(static_cast<const arrow::BooleanArray&>(array).Value(row) ? '\1' : '\0');
  } else {  // partition columns are not nested
    const auto width = static_cast<size_t>(static_cast<const arrow::FixedWidthType&>(*array.type()).bit_width() / 8);
    const auto* values = array.data()->GetValues<char>(1, 0);
    key->append(values + static_cast<size_t>(array.offset() + row) * width, width);
  }
}

}  // namespace

void PartitionRouter::KeyOf(const arrow::ArrayVector& values, int64_t row) {
  key_.clear();
  for (const auto& column : values) AppendKey(*column, row, &key_);
}

Result<const std::string*> PartitionRouter::FolderOf(const arrow::ArrayVector& values, int64_t row) {
  const auto known = folders_.find(std::string_view(key_));
  if (known != folders_.end()) return &known->second;
  if (folders_.size() >= kRememberedFolders) folders_.clear();
  SLUICE_ASSIGN(std::string folder, PartitionFolder(names_, values, row, time_zone_));
  return &folders_.emplace(key_, std::move(folder)).first->second;
}

Result<size_t> PartitionRouter::PartOf(const arrow::ArrayVector& values, int64_t row) {
  const auto found = part_of_values_.find(std::string_view(key_));
  if (found != part_of_values_.end()) return found->second;
  SLUICE_ASSIGN(const std::string* const folder, FolderOf(values, row));
  // Different values may have one folder, such as NULL and the empty string.
  const auto [part, is_new] = part_of_folder_.emplace(*folder, parts_.size());
  if (is_new) parts_.push_back({*folder, {}});
  part_of_values_.emplace(key_, part->second);
  return part->second;
}

Result<const std::vector<PartitionRouter::Part>*> PartitionRouter::Route(const arrow::RecordBatch& slice) {
  arrow::ArrayVector values;
  for (const int column : columns_) values.push_back(slice.column(column));
  parts_.clear();
  part_of_values_.clear();
  part_of_folder_.clear();
  for (int64_t row = 0; row < slice.num_rows(); ++row) {
    KeyOf(values, row);
    if (parts_.empty() || key_ != previous_key_) {
      SLUICE_ASSIGN(previous_part_, PartOf(values, row));
      previous_key_.swap(key_);
    }
    parts_[previous_part_].rows.push_back(static_cast<int32_t>(row));
  }
  return &parts_;
}

}  // namespace sluice
