// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_slice_reader.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <utility>

#include "base/spark_error.h"
#include "connectors/parquet/parquet_file.h"
#include "connectors/parquet/row_group_range.h"
#include "types/datetime_text.h"
#include "types/number_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

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

// A reader that finds most slices wanted stops asking: it would look at every row twice.
constexpr int64_t kSlicesToLearn = 8;
constexpr int64_t kUsefulQuarters = 3;  // of four slices wanted, at most

constexpr int64_t kCountedRows = 1 << 17;  // a slice without columns of the file

// Where the first byte of a row group is.
int64_t BeginOf(const parquet::RowGroupMetaData& group) {
  if (group.num_columns() == 0) return 0;
  const auto chunk = group.ColumnChunk(0);
  const int64_t data = chunk->data_page_offset();
  return chunk->has_dictionary_page() ? std::min(data, chunk->dictionary_page_offset()) : data;
}

// Where a failed read happened; errors of ours keep their class.
Status ReadError(const Status& status, const std::string& path) {
  if (FindSparkError(status) != nullptr) return status;
  return EnvironmentError("FAILED_READ_FILE.NO_HINT", fmt::format("{} cannot be read: {}", path, status.message()),
                          false, {{"path", path}});
}

}  // namespace

Result<std::unique_ptr<SliceReader>> ParquetSliceReader::Open(std::shared_ptr<const FilePart> part,
                                                              std::shared_ptr<const TableRead> table,
                                                              ReadRequest request) {
  auto reader = std::make_unique<ParquetSliceReader>(std::move(part), std::move(table), std::move(request));
  SLUICE_RETURN_IF_ERROR(reader->FindFolderColumns());
  // What folders stand for may tell enough to leave the file closed.
  const auto of_folders = [&](int column) {
    const auto& wanted = reader->request_.columns;
    const auto place = static_cast<size_t>(std::find(wanted.begin(), wanted.end(), column) - wanted.begin());
    const bool known = place < wanted.size() && reader->origins_[place].constant != nullptr;
    return known ? RangeOfConstant(*reader->origins_[place].constant, 1) : ColumnRange{1, {}, {}, {}, true};
  };
  if (!reader->MayHaveRows(of_folders)) return std::unique_ptr<SliceReader>(std::move(reader));
  SLUICE_ASSIGN(reader->file_, reader->part_->file->Open());
  try {
    reader->FindFields();
    reader->ChooseColumns();
    reader->ChooseRowGroups();
  } catch (const parquet::ParquetException& error) {
    return ReadError(Status::IOError(error.what()), reader->file_info().path);
  }
  return std::unique_ptr<SliceReader>(std::move(reader));
}

bool ParquetSliceReader::MayHaveRows(const RangeOf& range_of) const {
  if (request_.wanted == nullptr) return true;
  const std::vector<ScanCondition> conditions = request_.wanted->Conditions();
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const ScanCondition& condition) { return MayHold(condition, range_of); });
}

Status ParquetSliceReader::FindFolderColumns() {
  const auto& partition = file_info().partition;
  const int data_columns = table_->schema->num_fields() - static_cast<int>(partition.size());
  arrow::FieldVector fields;
  for (const int column : request_.columns) {
    fields.push_back(table_->schema->field(column));
    Origin origin;
    if (column >= data_columns) {
      SLUICE_ASSIGN(origin.constant, FolderValue(partition[static_cast<size_t>(column - data_columns)],
                                                 fields.back()->type(), table_->time_zone));
    }
    origins_.push_back(std::move(origin));
  }
  schema_ = arrow::schema(std::move(fields));
  return Status::OK();
}

void ParquetSliceReader::FindFields() {
  const auto* root = file_->parquet_reader()->metadata()->schema()->group_node();
  for (size_t i = 0; i < origins_.size(); ++i) {
    Origin& origin = origins_[i];
    if (origin.constant != nullptr) continue;
    const auto& field = schema_->field(static_cast<int>(i));
    origin.field = FieldOfFile(*root, field->name());
    if (origin.field < 0) origin.constant = arrow::MakeNullScalar(field->type());
  }
}

void ParquetSliceReader::ChooseColumns() {
  first_.emplace(file_.get(), file_info().path);
  rest_.emplace(file_.get(), file_info().path);
  std::vector<bool> tells(origins_.size(), false);
  if (request_.wanted != nullptr) {
    for (const int place : request_.wanted->columns()) tells[static_cast<size_t>(place)] = true;
  }
  const auto is_field = [](const Origin& origin) { return origin.field >= 0; };
  const auto fields = std::count_if(origins_.begin(), origins_.end(), is_field);
  int64_t telling = 0;
  for (size_t i = 0; i < origins_.size(); ++i) telling += tells[i] && is_field(origins_[i]) ? 1 : 0;
  const bool ask = telling > 0 && telling < fields;
  size_t places[2] = {0, 0};
  for (size_t i = 0; i < origins_.size(); ++i) {
    Origin& origin = origins_[i];
    if (!is_field(origin)) continue;
    origin.is_first = ask && tells[i];
    origin.place = places[origin.is_first ? 1 : 0]++;
    (origin.is_first ? *first_ : *rest_).Add(origin.field, schema_->field(static_cast<int>(i)));
  }
  first_->Prepare();
  rest_->Prepare();
}

void ParquetSliceReader::ChooseRowGroups() {
  const auto metadata = file_->parquet_reader()->metadata();
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    const int64_t begin = BeginOf(*metadata->RowGroup(i));
    if (begin >= part_->begin && begin < part_->end) row_groups_.push_back(i);
  }
}

ColumnRange ParquetSliceReader::RangeOfColumn(int row_group, int column) const {
  const auto metadata = file_->parquet_reader()->metadata();
  const auto group = metadata->RowGroup(row_group);
  ColumnRange unknown{group->num_rows(), {}, {}, {}, true};
  const auto found = std::find(request_.columns.begin(), request_.columns.end(), column);
  if (found == request_.columns.end()) return unknown;
  const auto place = static_cast<size_t>(found - request_.columns.begin());
  const Origin& origin = origins_[place];
  if (origin.constant != nullptr) return RangeOfConstant(*origin.constant, group->num_rows());
  const auto& node = *metadata->schema()->group_node()->field(origin.field);
  if (!node.is_primitive()) return unknown;
  return RangeInRowGroup(*group, metadata->schema()->ColumnIndex(node),
                         *schema_->field(static_cast<int>(place))->type());
}

// Opens the next row group that may have a wanted row; false at the end.
Result<bool> ParquetSliceReader::NextRowGroup() {
  const auto metadata = file_->parquet_reader()->metadata();
  while (next_group_ < row_groups_.size()) {
    row_group_ = row_groups_[next_group_++];
    if (!MayHaveRows([&](int column) { return RangeOfColumn(row_group_, column); })) continue;
    slice_end_ = 0;
    for (int i = 0; i < row_group_; ++i) slice_end_ += metadata->RowGroup(i)->num_rows();
    rows_left_ = metadata->RowGroup(row_group_)->num_rows();
    rest_open_ = false;
    behind_ = 0;
    SLUICE_RETURN_IF_ERROR(first_->Open(row_group_));
    if (rows_left_ > 0) return true;
  }
  return false;
}

Result<bool> ParquetSliceReader::IsWanted(const arrow::ArrayVector& first, int64_t rows) {
  const bool useless = asked_ >= kSlicesToLearn && wanted_slices_ * 4 > asked_ * kUsefulQuarters;
  if (first_->empty() || useless) return true;
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const int place : request_.wanted->columns()) {
    const Origin& origin = origins_[static_cast<size_t>(place)];
    fields.push_back(schema_->field(place));
    if (origin.constant != nullptr) {
      SLUICE_ASSIGN(auto column, arrow::MakeArrayFromScalar(*origin.constant, rows));
      columns.push_back(std::move(column));
    } else {
      columns.push_back(first[origin.place]);
    }
  }
  const auto batch = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
  const bool wanted = request_.wanted->AnyOf(*batch);
  ++asked_;
  wanted_slices_ += wanted ? 1 : 0;
  return wanted;
}

Status ParquetSliceReader::OpenRest() {
  if (!rest_open_) SLUICE_RETURN_IF_ERROR(rest_->Open(row_group_));
  rest_open_ = true;
  if (behind_ > 0) SLUICE_RETURN_IF_ERROR(rest_->Skip(behind_));
  behind_ = 0;
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetSliceReader::ReadSlice() {
  for (;;) {
    if (cancelled_) return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
    if (rows_left_ == 0) {
      SLUICE_ASSIGN(const bool more, NextRowGroup());
      if (!more) return nullptr;
    }
    const bool counting = first_->empty() && rest_->empty();
    const int64_t rows = std::min(rows_left_, counting ? kCountedRows : kParquetSliceRows);
    SLUICE_ASSIGN(const arrow::ArrayVector first, first_->Read(rows));
    SLUICE_ASSIGN(const bool wanted, IsWanted(first, rows));
    rows_left_ -= rows;
    slice_begin_ = slice_end_;
    slice_end_ += rows;
    if (!wanted) {
      behind_ += rows;
      continue;
    }
    SLUICE_RETURN_IF_ERROR(OpenRest());
    SLUICE_ASSIGN(const arrow::ArrayVector rest, rest_->Read(rows));
    return Shape(first, rest, rows);
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetSliceReader::Next() {
  if (file_ == nullptr) return nullptr;
  try {
    auto slice = ReadSlice();
    if (!slice.ok()) return ReadError(slice.status(), file_info().path);
    return slice;
  } catch (const parquet::ParquetException& error) {
    return ReadError(Status::IOError(error.what()), file_info().path);
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetSliceReader::Shape(const arrow::ArrayVector& first,
                                                                      const arrow::ArrayVector& rest,
                                                                      int64_t rows) const {
  arrow::ArrayVector columns;
  for (const Origin& origin : origins_) {
    if (origin.constant != nullptr) {
      SLUICE_ASSIGN(auto column, arrow::MakeArrayFromScalar(*origin.constant, rows));
      columns.push_back(std::move(column));
    } else {
      columns.push_back((origin.is_first ? first : rest)[origin.place]);
    }
  }
  return arrow::RecordBatch::Make(schema_, rows, std::move(columns));
}

std::string ParquetSliceReader::PlaceOf(int64_t row) const {
  return fmt::format("file {}, row {}", file_info().path, slice_begin_ + row);
}

}  // namespace sluice
