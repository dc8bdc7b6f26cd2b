// SPDX-License-Identifier: Apache-2.0
#include "expr/collected_values.h"

#include <arrow/api.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <numeric>

#include "base/spark_error.h"
#include "expr/column_io.h"
#include "expr/compare_values.h"
#include "expr/gather.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

Result<ArrayPtr> CopyViews(const ArrayPtr& column, arrow::MemoryPool* pool) {
  ViewWriter writer(column->length(), pool);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({column}));
  const ColumnReader<std::string_view> texts(*column);
  for (int64_t row = 0; row < column->length(); ++row) {
    if (column->IsValid(row)) SLUICE_RETURN_IF_ERROR(writer.Set(row, texts[row]));
  }
  return writer.Finish(column->type());
}

}  // namespace

Result<ArrayPtr> OwnTexts(const ArrayPtr& column, arrow::MemoryPool* pool) {
  if (arrow::is_binary_view_like(column->type_id())) return CopyViews(column, pool);
  if (column->data()->child_data.empty()) return column;
  auto data = column->data()->Copy();
  for (auto& child : data->child_data) {
    SLUICE_ASSIGN(const auto own, OwnTexts(arrow::MakeArray(child), pool));
    child = own->data();
  }
  return arrow::MakeArray(std::move(data));
}

Status CollectedValues::Add(const ArrayPtr& column, const uint32_t* groups, int64_t rows, bool nulls) {
  std::vector<int64_t> taken;
  for (int64_t row = 0; row < rows; ++row) {
    if (!nulls && column->IsNull(row)) continue;
    taken.push_back(row);
    owners_.push_back(groups[row]);
  }
  if (taken.empty()) return Status::OK();
  SLUICE_ASSIGN(auto values, TakeRows(column, taken, arrow::default_memory_pool()));
  SLUICE_ASSIGN(values, OwnTexts(values, arrow::default_memory_pool()));
  chunk_bytes_ += arrow::util::TotalBufferSize(*values);
  chunks_.push_back(std::move(values));
  return Status::OK();
}

Status CollectedValues::Merge(const CollectedValues& other, const uint32_t* mapping) {
  for (const uint32_t owner : other.owners_) owners_.push_back(mapping[owner]);
  chunks_.insert(chunks_.end(), other.chunks_.begin(), other.chunks_.end());
  chunk_bytes_ += other.chunk_bytes_;
  return Status::OK();
}

int64_t CollectedValues::bytes() const {
  return chunk_bytes_ + static_cast<int64_t>(owners_.capacity() * sizeof(uint32_t));
}

Result<ArrayPtr> CollectedValues::All() const {
  if (chunks_.empty()) return arrow::MakeEmptyArray(type_);
  return arrow::Concatenate(chunks_);
}

Result<CollectedValues::Grouped> CollectedValues::Group() const {
  Grouped grouped;
  grouped.offsets.assign(static_cast<size_t>(groups_) + 1, 0);
  for (const uint32_t owner : owners_) ++grouped.offsets[owner + 1];
  std::partial_sum(grouped.offsets.begin(), grouped.offsets.end(), grouped.offsets.begin());
  std::vector<int64_t> next(grouped.offsets.begin(), grouped.offsets.end() - 1);
  std::vector<int64_t> order(owners_.size());
  for (size_t i = 0; i < owners_.size(); ++i) {
    order[static_cast<size_t>(next[owners_[i]]++)] = static_cast<int64_t>(i);
  }
  SLUICE_ASSIGN(const auto all, All());
  SLUICE_ASSIGN(grouped.values, TakeRows(all, order, arrow::default_memory_pool()));
  return grouped;
}

Status CollectedValues::KeepFirsts() {
  if (owners_.empty()) return Status::OK();
  SLUICE_ASSIGN(const auto all, All());
  std::vector<int64_t> order(owners_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto compare = [&](int64_t a, int64_t b) {
    const uint32_t of_a = owners_[static_cast<size_t>(a)];
    const uint32_t of_b = owners_[static_cast<size_t>(b)];
    if (of_a != of_b) return of_a < of_b ? -1 : 1;
    return CompareAt(*all, a, *all, b);
  };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return compare(a, b) < 0; });
  order.erase(std::unique(order.begin(), order.end(), [&](int64_t a, int64_t b) { return compare(a, b) == 0; }),
              order.end());
  std::sort(order.begin(), order.end());
  if (order.size() == owners_.size() && chunks_.size() == 1) return Status::OK();
  SLUICE_ASSIGN(auto kept, TakeRows(all, order, arrow::default_memory_pool()));
  SLUICE_ASSIGN(kept, OwnTexts(kept, arrow::default_memory_pool()));
  for (size_t i = 0; i < order.size(); ++i) owners_[i] = owners_[static_cast<size_t>(order[i])];
  owners_.resize(order.size());
  chunk_bytes_ = arrow::util::TotalBufferSize(*kept);
  chunks_ = {std::move(kept)};
  return Status::OK();
}

Result<ArrayPtr> ListColumn(const CollectedValues::Grouped& grouped, const std::shared_ptr<arrow::DataType>& type) {
  if (grouped.values->length() > INT32_MAX) {
    return EnvironmentError("SLUICE_MEMORY_BUDGET",
                            "The arrays of an aggregation would have more than 2^31 - 1 elements together.");
  }
  const auto groups = static_cast<int64_t>(grouped.offsets.size()) - 1;
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer((groups + 1) * static_cast<int64_t>(sizeof(int32_t))));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  for (size_t i = 0; i < grouped.offsets.size(); ++i) offsets[i] = static_cast<int32_t>(grouped.offsets[i]);
  auto data = arrow::ArrayData::Make(type, groups, {nullptr, std::move(buffer)}, 0);
  data->child_data = {grouped.values->data()};
  return arrow::MakeArray(std::move(data));
}

}  // namespace sluice
