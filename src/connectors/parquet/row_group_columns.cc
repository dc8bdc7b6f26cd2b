// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/row_group_columns.h"

#include <arrow/api.h>
#include <arrow/io/caching.h>
#include <fmt/format.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <utility>

#include "connectors/parquet/column_builder.h"
#include "connectors/parquet/parquet_file.h"

namespace sluice {

size_t RowGroupColumns::Add(ColumnPlan plan) {
  Place place;
  const auto& descriptor = *file_->metadata()->schema();
  place.as_texts = plan.kind == ColumnPlan::Kind::kLeaf && plan.values.form == LeafForm::kBytes &&
                   TextColumnReader::CanRead(*descriptor.Column(plan.leaf), *plan.type);
  if (!place.as_texts) AddLeaves(plan);
  place.plan = std::move(plan);
  places_.push_back(std::move(place));
  return places_.size() - 1;
}

// A leaf may be needed for its values, or for its levels alone.
void RowGroupColumns::AddLeaf(int leaf, const LeafPlan& values) {
  const auto [at, is_new] = leaves_.try_emplace(leaf, values);
  if (!is_new && at->second.form == LeafForm::kLevels) at->second = values;
}

void RowGroupColumns::AddLeaves(const ColumnPlan& plan) {
  LeafPlan levels;
  levels.form = LeafForm::kLevels;
  if (plan.leaf >= 0) AddLeaf(plan.leaf, plan.kind == ColumnPlan::Kind::kLeaf ? plan.values : levels);
  for (const ColumnPlan& child : plan.children) AddLeaves(child);
}

Status RowGroupColumns::Fetch(int row_group) {
  std::vector<int> leaves;
  for (const auto& [leaf, values] : leaves_) leaves.push_back(leaf);
  for (const Place& place : places_) {
    if (place.as_texts) leaves.push_back(place.plan.leaf);
  }
  std::sort(leaves.begin(), leaves.end());
  const auto options = arrow::io::CacheOptions::LazyDefaults();
  SLUICE_ASSIGN(const auto ranges,
                file_->GetReadRanges({row_group}, leaves, options.hole_size_limit, options.range_size_limit));
  int64_t bytes = 0;
  for (const auto& range : ranges) bytes += range.length;
  const bool at_once = bytes <= memory_->limit() / 4 && fetched_.TrySet(bytes);
  if (!at_once && fetched_.bytes() == 0) return Status::OK();
  // Without row groups this lets go of what was fetched before.
  file_->PreBuffer(at_once ? std::vector<int>{row_group} : std::vector<int>{}, at_once ? leaves : std::vector<int>{},
                   arrow::io::default_io_context(), options);
  return at_once ? Status::OK() : fetched_.Set(0);
}

Status RowGroupColumns::Open(int row_group) {
  if (places_.empty()) return Status::OK();
  readers_.clear();
  for (Place& place : places_) place.text.reset();
  SLUICE_RETURN_IF_ERROR(Fetch(row_group));
  const auto group = file_->RowGroup(row_group);
  for (Place& place : places_) {
    if (!place.as_texts) continue;
    place.text = std::make_unique<TextColumnReader>(group.get(), place.plan.leaf, place.plan.type, memory_);
  }
  for (const auto& [leaf, values] : leaves_) readers_[leaf] = LeafReader::Open(group.get(), leaf, values, memory_);
  return Status::OK();
}

// What is wrong with a leaf's values, with its place in the file.
Status RowGroupColumns::OfLeaf(int leaf, const std::string& what) const {
  return Status::IOError(
      fmt::format("column {}: {}", file_->metadata()->schema()->Column(leaf)->path()->ToDotString(), what));
}

Result<LeafSlice> RowGroupColumns::ReadLeaf(int leaf, LeafReader* reader, int64_t rows) const {
  try {
    auto slice = reader->Read(rows);
    return slice.ok() ? std::move(slice) : OfLeaf(leaf, slice.status().message());
  } catch (const parquet::ParquetException& error) {
    return OfLeaf(leaf, error.what());
  }
}

Result<std::shared_ptr<arrow::Array>> RowGroupColumns::ReadPlace(const Place& place, std::map<int, LeafSlice>* slices,
                                                                 int64_t rows) {
  try {
    const auto slice_of = [&](int leaf) { return &slices->at(leaf); };
    auto column = place.as_texts ? place.text->Read(rows) : BuildColumn(place.plan, rows, slice_of);
    return column.ok() ? std::move(column) : OfLeaf(place.plan.leaf, column.status().message());
  } catch (const parquet::ParquetException& error) {
    return OfLeaf(place.plan.leaf, error.what());
  }
}

Result<arrow::ArrayVector> RowGroupColumns::Read(int64_t rows) {
  std::map<int, LeafSlice> slices;
  for (const auto& [leaf, reader] : readers_) {
    SLUICE_ASSIGN(slices[leaf], ReadLeaf(leaf, reader.get(), rows));
  }
  arrow::ArrayVector columns;
  for (const Place& place : places_) {
    SLUICE_ASSIGN(auto column, ReadPlace(place, &slices, rows));
    columns.push_back(std::move(column));
  }
  return columns;
}

Status RowGroupColumns::Skip(int64_t rows) {
  for (const Place& place : places_) {
    if (place.as_texts) SLUICE_RETURN_IF_ERROR(place.text->Skip(rows));
  }
  for (const auto& [leaf, reader] : readers_) SLUICE_RETURN_IF_ERROR(reader->Skip(rows));
  return Status::OK();
}

}  // namespace sluice
