// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_slice_reader.h"

#include <arrow/api.h>
#include <arrow/io/caching.h>
#include <fmt/format.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "base/spark_error.h"
#include "connectors/parquet/parquet_file.h"
#include "types/datetime_text.h"
#include "types/number_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

bool SameName(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// The value of a partition folder in the column's type, as inferred from all of the table's folders.
Result<std::shared_ptr<arrow::Scalar>> FolderValue(const std::optional<std::string>& text,
                                                   const std::shared_ptr<arrow::DataType>& type,
                                                   const std::string& time_zone) {
  if (!text) return arrow::MakeNullScalar(type);
  switch (type->id()) {
    case arrow::Type::INT32:
      return arrow::MakeScalar(static_cast<int32_t>(ParseInteger(*text, INT32_MIN, INT32_MAX, false).value_or(0)));
    case arrow::Type::INT64:
      return arrow::MakeScalar(ParseInteger(*text, INT64_MIN, INT64_MAX, false).value_or(0));
    case arrow::Type::DOUBLE:
      return arrow::MakeScalar(ParseDouble(*text).value_or(0));
    case arrow::Type::DATE32:
      return std::make_shared<arrow::Date32Scalar>(ParseDate(*text).value_or(0));
    case arrow::Type::TIMESTAMP: {
      SLUICE_ASSIGN(TimeZone zone, time_zone.empty() ? TimeZone::Utc() : TimeZone::Find(time_zone));
      return std::make_shared<arrow::TimestampScalar>(ParseTimestamp(*text, &zone).value_or(0), type);
    }
    default:
      return std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(*text));
  }
}

// Where a failed read happened; errors of ours keep their class.
Status ReadError(const Status& status, const std::string& path) {
  if (FindSparkError(status) != nullptr) return status;
  return EnvironmentError("FAILED_READ_FILE.NO_HINT", fmt::format("{} cannot be read: {}", path, status.message()),
                          false, {{"path", path}});
}

}  // namespace

Result<std::unique_ptr<SliceReader>> ParquetSliceReader::Open(std::shared_ptr<const FilePart> part,
                                                              const std::shared_ptr<const TableRead>& table,
                                                              const std::vector<int>& columns) {
  auto reader = std::make_unique<ParquetSliceReader>();
  reader->part_ = part;
  SLUICE_ASSIGN(reader->file_, OpenParquetFile(part->file, part->metadata));
  SLUICE_RETURN_IF_ERROR(reader->FindColumns(*table, columns));
  try {
    reader->ChooseReaders();
    reader->ChooseRowGroups();
  } catch (const parquet::ParquetException& error) {
    return ReadError(Status::IOError(error.what()), part->file.path);
  }
  return std::unique_ptr<SliceReader>(std::move(reader));
}

Status ParquetSliceReader::FindColumns(const TableRead& table, const std::vector<int>& columns) {
  const auto* root = file_->parquet_reader()->metadata()->schema()->group_node();
  const TableFile& file = part_->file;
  const int data_columns = table.schema->num_fields() - static_cast<int>(file.partition.size());
  arrow::FieldVector slice_fields;
  for (const int column : columns) {
    const auto& field = table.schema->field(column);
    slice_fields.push_back(field);
    Origin origin;
    if (column >= data_columns) {
      SLUICE_ASSIGN(origin.constant,
                    FolderValue(file.partition[column - data_columns], field->type(), table.time_zone));
    } else {
      for (int i = 0; i < root->field_count(); ++i) {
        if (SameName(root->field(i)->name(), field->name())) origin.field = i;
      }
      if (origin.field < 0) origin.constant = arrow::MakeNullScalar(field->type());
    }
    origins_.push_back(std::move(origin));
  }
  schema_ = arrow::schema(std::move(slice_fields));
  return Status::OK();
}

void ParquetSliceReader::ChooseReaders() {
  const auto& descriptor = *file_->parquet_reader()->metadata()->schema();
  std::vector<int> fields;  // of the file that are read through Arrow, in the file's order
  for (size_t i = 0; i < origins_.size(); ++i) {
    Origin& origin = origins_[i];
    if (origin.field < 0) continue;
    const auto& node = *descriptor.group_node()->field(origin.field);
    const auto& type = schema_->field(static_cast<int>(i))->type();
    const int leaf = node.is_primitive() ? descriptor.ColumnIndex(node) : -1;
    if (leaf >= 0 && TextColumnReader::CanRead(*descriptor.Column(leaf), *type)) {
      origin.in_texts = static_cast<int>(text_leaves_.size());
      text_leaves_.push_back(leaf);
      text_types_.push_back(type);
    } else {
      fields.push_back(origin.field);
    }
  }
  std::sort(fields.begin(), fields.end());
  for (Origin& origin : origins_) {
    if (origin.field < 0 || origin.in_texts >= 0) continue;
    origin.in_rows = static_cast<int>(std::lower_bound(fields.begin(), fields.end(), origin.field) - fields.begin());
  }
  for (int leaf = 0; leaf < descriptor.num_columns(); ++leaf) {
    const int field = descriptor.group_node()->FieldIndex(*descriptor.GetColumnRoot(leaf));
    if (std::binary_search(fields.begin(), fields.end(), field)) row_leaves_.push_back(leaf);
  }
}

void ParquetSliceReader::ChooseRowGroups() {
  row_groups_ = part_->row_groups;
  if (row_groups_.empty()) {
    row_groups_.resize(static_cast<size_t>(file_->num_row_groups()));
    std::iota(row_groups_.begin(), row_groups_.end(), 0);
  }
  std::vector<int> leaves = row_leaves_;
  leaves.insert(leaves.end(), text_leaves_.begin(), text_leaves_.end());
  if (leaves.empty() || row_groups_.empty()) return;
  // Bytes are fetched when their row group's turn comes, in as few reads as their places allow.
  file_->parquet_reader()->PreBuffer(row_groups_, leaves, arrow::io::default_io_context(),
                                     arrow::io::CacheOptions::LazyDefaults());
}

Status ParquetSliceReader::OpenRowGroup(int row_group) {
  auto* const file = file_->parquet_reader();
  const auto metadata = file->metadata();
  slice_end_ = 0;
  for (int i = 0; i < row_group; ++i) slice_end_ += metadata->RowGroup(i)->num_rows();
  rows_left_ = metadata->RowGroup(row_group)->num_rows();
  texts_.clear();
  if (!text_leaves_.empty()) {
    const auto group = file->RowGroup(row_group);
    for (size_t i = 0; i < text_leaves_.size(); ++i) {
      texts_.push_back(std::make_unique<TextColumnReader>(group.get(), text_leaves_[i], text_types_[i]));
    }
  }
  if (!row_leaves_.empty()) {
    SLUICE_ASSIGN(rows_, file_->GetRecordBatchReader({row_group}, row_leaves_));
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetSliceReader::ReadSlice() {
  while (rows_left_ == 0) {
    if (next_group_ == row_groups_.size()) return nullptr;
    SLUICE_RETURN_IF_ERROR(OpenRowGroup(row_groups_[next_group_++]));
  }
  int64_t rows = texts_.empty() ? rows_left_ : std::min(rows_left_, kParquetSliceRows);
  std::shared_ptr<arrow::RecordBatch> read;
  if (!row_leaves_.empty()) {
    SLUICE_RETURN_IF_ERROR(rows_->ReadNext(&read));
    if (read == nullptr || read->num_rows() > rows) return Status::IOError("a row group has not the rows it tells");
    rows = read->num_rows();
  }
  SLUICE_ASSIGN(auto slice, Shape(read, rows));
  rows_left_ -= rows;
  slice_begin_ = slice_end_;
  slice_end_ += rows;
  return slice;
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetSliceReader::Next() {
  try {
    auto slice = ReadSlice();
    if (!slice.ok()) return ReadError(slice.status(), part_->file.path);
    return slice;
  } catch (const parquet::ParquetException& error) {
    return ReadError(Status::IOError(error.what()), part_->file.path);
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetSliceReader::Shape(const std::shared_ptr<arrow::RecordBatch>& read,
                                                                      int64_t rows) {
  std::shared_ptr<arrow::RecordBatch> engine;
  if (read != nullptr) {
    SLUICE_ASSIGN(engine, ToEngineBatch(read));
  }
  arrow::ArrayVector columns;
  for (size_t i = 0; i < origins_.size(); ++i) {
    const Origin& origin = origins_[i];
    std::shared_ptr<arrow::Array> column;
    if (origin.constant != nullptr) {
      SLUICE_ASSIGN(column, arrow::MakeArrayFromScalar(*origin.constant, rows));
    } else if (origin.in_texts >= 0) {
      SLUICE_ASSIGN(column, texts_[static_cast<size_t>(origin.in_texts)]->Read(rows));
    } else {
      SLUICE_ASSIGN(column, ConformColumn(engine->column(origin.in_rows), *schema_->field(static_cast<int>(i)),
                                          part_->file.path));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, rows, std::move(columns));
}

std::string ParquetSliceReader::PlaceOf(int64_t row) const {
  return fmt::format("file {}, row {}", part_->file.path, slice_begin_ + row);
}

}  // namespace sluice
