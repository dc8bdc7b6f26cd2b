// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_slice_reader.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <parquet/file_reader.h>
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
                                                              const std::shared_ptr<arrow::Schema>& schema,
                                                              const std::vector<int>& columns,
                                                              const std::string& time_zone) {
  auto reader = std::make_unique<ParquetSliceReader>();
  reader->part_ = part;
  SLUICE_ASSIGN(reader->file_, OpenParquetFile(part->file));
  const auto& descriptor = *reader->file_->parquet_reader()->metadata()->schema();
  const int data_columns = schema->num_fields() - static_cast<int>(part->file.partition.size());
  std::vector<int> fields;  // of the file that are needed, in the file's order
  arrow::FieldVector slice_fields;
  for (const int column : columns) {
    const auto& field = schema->field(column);
    slice_fields.push_back(field);
    Origin origin;
    if (column >= data_columns) {
      SLUICE_ASSIGN(origin.constant,
                    FolderValue(part->file.partition[column - data_columns], field->type(), time_zone));
    } else {
      const auto* root = descriptor.group_node();
      for (int i = 0; i < root->field_count(); ++i) {
        if (SameName(root->field(i)->name(), field->name())) origin.in_file = i;
      }
      if (origin.in_file >= 0) fields.push_back(origin.in_file);
      if (origin.in_file < 0) origin.constant = arrow::MakeNullScalar(field->type());
    }
    reader->origins_.push_back(std::move(origin));
  }
  reader->schema_ = arrow::schema(std::move(slice_fields));
  std::sort(fields.begin(), fields.end());
  for (Origin& origin : reader->origins_) {
    if (origin.in_file < 0) continue;
    origin.in_file = static_cast<int>(std::lower_bound(fields.begin(), fields.end(), origin.in_file) - fields.begin());
  }
  std::vector<int> leaves;
  for (int leaf = 0; leaf < descriptor.num_columns(); ++leaf) {
    const int field = descriptor.group_node()->FieldIndex(*descriptor.GetColumnRoot(leaf));
    if (std::binary_search(fields.begin(), fields.end(), field)) leaves.push_back(leaf);
  }
  std::vector<int> row_groups = part->row_groups;
  if (row_groups.empty()) {
    row_groups.resize(static_cast<size_t>(reader->file_->num_row_groups()));
    std::iota(row_groups.begin(), row_groups.end(), 0);
  }
  auto rows = reader->file_->GetRecordBatchReader(row_groups, leaves);
  if (!rows.ok()) return ReadError(rows.status(), part->file.path);
  reader->rows_ = std::move(*rows);
  return std::unique_ptr<SliceReader>(std::move(reader));
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetSliceReader::Next() {
  rows_before_ += last_rows_;
  std::shared_ptr<arrow::RecordBatch> read;
  const Status status = rows_->ReadNext(&read);
  if (!status.ok()) return ReadError(status, part_->file.path);
  if (read == nullptr) return read;
  last_rows_ = read->num_rows();
  return Shape(read);
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetSliceReader::Shape(
    const std::shared_ptr<arrow::RecordBatch>& read) const {
  SLUICE_ASSIGN(const auto engine, ToEngineBatch(read));
  arrow::ArrayVector columns;
  for (size_t i = 0; i < origins_.size(); ++i) {
    const Origin& origin = origins_[i];
    std::shared_ptr<arrow::Array> column;
    if (origin.constant != nullptr) {
      SLUICE_ASSIGN(column, arrow::MakeArrayFromScalar(*origin.constant, read->num_rows()));
    } else {
      SLUICE_ASSIGN(column, ConformColumn(engine->column(origin.in_file), *schema_->field(static_cast<int>(i)),
                                          part_->file.path));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, read->num_rows(), std::move(columns));
}

std::string ParquetSliceReader::PlaceOf(int64_t row) const {
  return fmt::format("file {}, row {}{}", part_->file.path, rows_before_ + row,
                     part_->row_groups.empty() ? "" : fmt::format(" from row group {} on", part_->row_groups.front()));
}

}  // namespace sluice
