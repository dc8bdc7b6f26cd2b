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
#include "connectors/file/partition_type.h"
#include "connectors/parquet/column_plan.h"
#include "connectors/parquet/file_schema.h"
#include "connectors/parquet/footer_check.h"
#include "connectors/parquet/parquet_file.h"
#include "connectors/parquet/row_group_range.h"

namespace sluice {
namespace {

// A reader that finds most slices wanted stops asking: it would look at every row twice.
constexpr int64_t kSlicesToLearn = 8;
constexpr int64_t kUsefulQuarters = 3;  // of four slices wanted, at most

constexpr int64_t kCountedRows = 1 << 17;  // a slice without columns of the file

constexpr int64_t kSliceBytes = 16 << 20;  // of the fixed parts of rows
constexpr int64_t kFewestRows = 256;

// What a row of these columns takes at least.
int64_t BytesOfRow(const arrow::Schema& schema) {
  constexpr int64_t kView = 16;
  int64_t bytes = 0;
  for (const auto& field : schema.fields()) {
    bytes += arrow::is_primitive(field->type()->id()) ? std::max(1, field->type()->bit_width() / 8) : kView;
  }
  return bytes;
}

// Where a failed read happened; errors of ours keep their class.
Status ReadError(const Status& status, const std::string& path, const ReaderMemory& memory) {
  if (const Status refused = memory.failure(); !refused.ok()) return refused;
  if (FindSparkError(status) != nullptr) return status;
  return EnvironmentError("FAILED_READ_FILE.NO_HINT", fmt::format("{} cannot be read: {}", path, status.message()),
                          false, {{"path", path}});
}

}  // namespace

Result<std::unique_ptr<SliceReader>> ParquetSliceReader::Open(std::shared_ptr<const FilePart> part,
                                                              std::shared_ptr<const TableRead> table,
                                                              ReadRequest request) {
  auto reader = std::make_unique<ParquetSliceReader>(std::move(part), std::move(table), std::move(request));
  SLUICE_RETURN_IF_ERROR(reader->CheckColumns());
  SLUICE_RETURN_IF_ERROR(reader->FindFolderColumns());
  // What folders stand for may tell enough to leave the file closed.
  const auto of_folders = [&](int column) {
    const auto& wanted = reader->request_.columns;
    const auto place = static_cast<size_t>(std::find(wanted.begin(), wanted.end(), column) - wanted.begin());
    const bool known = place < wanted.size() && reader->origins_[place].constant != nullptr;
    return known ? RangeOfConstant(*reader->origins_[place].constant, 1) : ColumnRange{1, {}, {}, {}, true};
  };
  if (!reader->MayHaveRows(of_folders)) return std::unique_ptr<SliceReader>(std::move(reader));
  SLUICE_ASSIGN(reader->file_, static_cast<SharedFooter&>(*reader->part_->file).Open(&reader->memory_));
  try {
    SLUICE_RETURN_IF_ERROR(reader->PlanColumns());
    reader->ChooseRowGroups();
  } catch (const parquet::ParquetException& error) {
    return ReadError(Status::IOError(error.what()), reader->file_info().path, reader->memory_);
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
  arrow::FieldVector fields;
  for (const int column : request_.columns) {
    fields.push_back(table_->schema->field(column));
    Origin origin;
    if (const int folder = table_->folders[static_cast<size_t>(column)]; folder >= 0) {
      SLUICE_ASSIGN(origin.constant,
                    PartitionValue(partition[static_cast<size_t>(folder)], fields.back()->type(), table_->time_zone));
    }
    origins_.push_back(std::move(origin));
  }
  schema_ = arrow::schema(std::move(fields));
  slice_rows_ = std::clamp(kSliceBytes / std::max<int64_t>(1, BytesOfRow(*schema_)), kFewestRows, kParquetSliceRows);
  return Status::OK();
}

// A column that nobody can read is an error when it is asked for, and not before.
Status ParquetSliceReader::CheckColumns() const {
  for (const int column : request_.columns) {
    SLUICE_RETURN_IF_ERROR(CheckReadable(*table_->schema->field(column), file_info().path));
  }
  return Status::OK();
}

// Whether the columns that tell which rows are wanted are read ahead of the others.
bool ParquetSliceReader::IsAskedFirst(const std::vector<bool>& in_file) const {
  if (request_.wanted == nullptr) return false;
  const auto& places = request_.wanted->columns();
  const auto telling =
      std::count_if(places.begin(), places.end(), [&](int place) { return in_file[static_cast<size_t>(place)]; });
  return telling > 0 && telling < std::count(in_file.begin(), in_file.end(), true);
}

Status ParquetSliceReader::PlanColumns() {
  const parquet::FileMetaData& footer = *file_->metadata();
  const auto* root = footer.schema()->group_node();
  SLUICE_ASSIGN(calendar_, CalendarOfFile(footer.key_value_metadata().get(), table_->time_zone));
  const PlannedFile planned{file_info().path, calendar_};
  const GroupFields fields(*root);
  std::vector<std::optional<ColumnPlan>> plans(origins_.size());
  std::vector<bool> in_file(origins_.size(), false);
  for (size_t i = 0; i < origins_.size(); ++i) {
    Origin& origin = origins_[i];
    if (origin.constant != nullptr) continue;
    const auto& wanted = *schema_->field(static_cast<int>(i));
    SLUICE_ASSIGN(const int field, fields.Find(wanted.name(), planned.path));
    if (field >= 0) {
      SLUICE_ASSIGN(plans[i], PlanColumn(*root, fields, field, wanted, planned));
    }
    in_file[i] = plans[i] && plans[i]->kind != ColumnPlan::Kind::kMissing;
    if (!in_file[i]) origin.constant = arrow::MakeNullScalar(wanted.type());
  }
  first_.emplace(file_.get(), &memory_);
  rest_.emplace(file_.get(), &memory_);
  const bool ask = IsAskedFirst(in_file);
  for (size_t i = 0; i < origins_.size(); ++i) {
    if (!in_file[i]) continue;
    Origin& origin = origins_[i];
    if (plans[i]->kind == ColumnPlan::Kind::kLeaf && !plans[i]->values.rebase.needed()) origin.leaf = plans[i]->leaf;
    const auto tells = [&] {
      const auto& places = request_.wanted->columns();
      return std::find(places.begin(), places.end(), static_cast<int>(i)) != places.end();
    };
    origin.is_first = ask && tells();
    origin.place = (origin.is_first ? *first_ : *rest_).Add(std::move(*plans[i]));
  }
  return Status::OK();
}

void ParquetSliceReader::ChooseRowGroups() {
  const auto metadata = file_->metadata();
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    const int64_t begin = BeginOfRowGroup(*metadata->RowGroup(i));
    if (begin >= part_->begin && begin < part_->end) row_groups_.push_back(i);
  }
}

ColumnRange ParquetSliceReader::RangeOfColumn(int row_group, int column) const {
  const auto metadata = file_->metadata();
  const auto group = metadata->RowGroup(row_group);
  ColumnRange unknown{group->num_rows(), {}, {}, {}, true};
  const auto found = std::find(request_.columns.begin(), request_.columns.end(), column);
  if (found == request_.columns.end()) return unknown;
  const auto place = static_cast<size_t>(found - request_.columns.begin());
  const Origin& origin = origins_[place];
  if (origin.constant != nullptr) return RangeOfConstant(*origin.constant, group->num_rows());
  if (origin.leaf < 0) return unknown;
  return RangeInRowGroup(*group, origin.leaf, *schema_->field(static_cast<int>(place))->type());
}

// Opens the next row group that may have a wanted row; false at the end.
Result<bool> ParquetSliceReader::NextRowGroup() {
  const auto metadata = file_->metadata();
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
    const int64_t rows = std::min(rows_left_, schema_->num_fields() == 0 ? kCountedRows : slice_rows_);
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
    if (!slice.ok()) return ReadError(slice.status(), file_info().path, memory_);
    return slice;
  } catch (const parquet::ParquetException& error) {
    return ReadError(Status::IOError(error.what()), file_info().path, memory_);
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetSliceReader::Shape(const arrow::ArrayVector& first,
                                                                      const arrow::ArrayVector& rest, int64_t rows) {
  arrow::ArrayVector columns;
  SLUICE_RETURN_IF_ERROR(slice_claim_.Set(rows * BytesOfRow(*schema_)));
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
