// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/row_group_columns.h"

#include <arrow/api.h>
#include <arrow/io/caching.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <utility>

#include "connectors/parquet/parquet_file.h"
#include "types/spark_type.h"

namespace sluice {

void RowGroupColumns::Add(int field, std::shared_ptr<arrow::Field> wanted) {
  places_.push_back({field, std::move(wanted)});
}

void RowGroupColumns::Prepare() {
  const auto& descriptor = *file_->parquet_reader()->metadata()->schema();
  std::vector<int> fields;  // of the file that are read through Arrow, in the file's order
  for (Place& place : places_) {
    const auto& node = *descriptor.group_node()->field(place.field);
    const int leaf = node.is_primitive() ? descriptor.ColumnIndex(node) : -1;
    if (leaf >= 0 && TextColumnReader::CanRead(*descriptor.Column(leaf), *place.wanted->type())) {
      place.in_texts = static_cast<int>(text_leaves_.size());
      text_leaves_.push_back(leaf);
    } else {
      fields.push_back(place.field);
    }
  }
  std::sort(fields.begin(), fields.end());
  for (Place& place : places_) {
    if (place.in_texts >= 0) continue;
    place.in_rows = static_cast<int>(std::lower_bound(fields.begin(), fields.end(), place.field) - fields.begin());
  }
  for (int leaf = 0; leaf < descriptor.num_columns(); ++leaf) {
    const int field = descriptor.group_node()->FieldIndex(*descriptor.GetColumnRoot(leaf));
    if (std::binary_search(fields.begin(), fields.end(), field)) row_leaves_.push_back(leaf);
  }
}

Status RowGroupColumns::Open(int row_group) {
  auto* const file = file_->parquet_reader();
  std::vector<int> leaves = row_leaves_;
  leaves.insert(leaves.end(), text_leaves_.begin(), text_leaves_.end());
  if (leaves.empty()) return Status::OK();
  file->PreBuffer({row_group}, leaves, arrow::io::default_io_context(), arrow::io::CacheOptions::LazyDefaults());
  texts_.clear();
  rest_ = nullptr;
  if (!text_leaves_.empty()) {
    const auto group = file->RowGroup(row_group);
    for (const Place& place : places_) {
      if (place.in_texts < 0) continue;
      const int leaf = text_leaves_[static_cast<size_t>(place.in_texts)];
      texts_.push_back(std::make_unique<TextColumnReader>(group.get(), leaf, place.wanted->type()));
    }
  }
  if (!row_leaves_.empty()) {
    SLUICE_ASSIGN(rows_, file_->GetRecordBatchReader({row_group}, row_leaves_));
  }
  return Status::OK();
}

// Exactly so many rows, however Arrow cuts them.
Result<std::shared_ptr<arrow::RecordBatch>> RowGroupColumns::ReadRows(int64_t rows) {
  arrow::RecordBatchVector parts;
  for (int64_t missing = rows; missing > 0;) {
    if (rest_ == nullptr) SLUICE_RETURN_IF_ERROR(rows_->ReadNext(&rest_));
    if (rest_ == nullptr) return Status::IOError("a row group has not the rows it tells");
    const int64_t taken = std::min(missing, rest_->num_rows());
    parts.push_back(taken == rest_->num_rows() ? rest_ : rest_->Slice(0, taken));
    rest_ = taken == rest_->num_rows() ? nullptr : rest_->Slice(taken);
    missing -= taken;
  }
  if (parts.size() == 1) return parts[0];
  return arrow::ConcatenateRecordBatches(parts);
}

Result<arrow::ArrayVector> RowGroupColumns::Read(int64_t rows) {
  std::shared_ptr<arrow::RecordBatch> engine;
  if (!row_leaves_.empty()) {
    SLUICE_ASSIGN(const auto read, ReadRows(rows));
    SLUICE_ASSIGN(engine, ToEngineBatch(read));
  }
  arrow::ArrayVector columns;
  for (const Place& place : places_) {
    std::shared_ptr<arrow::Array> column;
    if (place.in_texts >= 0) {
      SLUICE_ASSIGN(column, texts_[static_cast<size_t>(place.in_texts)]->Read(rows));
    } else {
      SLUICE_ASSIGN(column, ConformColumn(engine->column(place.in_rows), *place.wanted, path_));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

Status RowGroupColumns::Skip(int64_t rows) {
  for (const auto& text : texts_) SLUICE_RETURN_IF_ERROR(text->Skip(rows));
  for (int64_t left = row_leaves_.empty() ? 0 : rows; left > 0;) {
    const int64_t next = std::min(left, kParquetSliceRows);
    SLUICE_RETURN_IF_ERROR(ReadRows(next).status());
    left -= next;
  }
  return Status::OK();
}

}  // namespace sluice
