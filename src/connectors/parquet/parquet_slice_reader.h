// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/file_reader.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/column_range.h"
#include "connectors/file/file_format.h"
#include "connectors/file/table_memory.h"
#include "connectors/parquet/row_group_columns.h"
#include "connectors/parquet/shared_footer.h"
#include "connectors/rows_wanted.h"
#include "connectors/source.h"

namespace sluice {

// Reads some columns of a part of a file (a SharedFooter), namely the row groups that begin in it, one after the other;
// of the others not a byte. Without columns the rows are counted by the footer alone. Row groups without a wanted row
// by their statistics are left out; in the others the columns that tell whether rows are wanted come first, and where
// no row of a slice is, the rest is not decoded, nor fetched when that is so for a whole row group.
class ParquetSliceReader : public SliceReader {
 public:
  static Result<std::unique_ptr<SliceReader>> Open(std::shared_ptr<const FilePart> part,
                                                   std::shared_ptr<const TableRead> table, ReadRequest request);
  ParquetSliceReader(std::shared_ptr<const FilePart> part, std::shared_ptr<const TableRead> table, ReadRequest request)
      : part_(std::move(part)),
        table_(std::move(table)),
        request_(std::move(request)),
        memory_(table_->memory.get(), part_->order, part_->file->file().path),
        slice_claim_(&memory_) {}
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override;
  void Cancel() override {
    cancelled_ = true;
    memory_.Cancel();
  }

 private:
  // Where a column of a slice comes from.
  struct Origin {
    std::shared_ptr<arrow::Scalar> constant;  // the same value in every row (of the folder, or null), or
    int leaf = -1;                            // of the file, whose values are the column's, as they are
    bool is_first = false;                    // among the columns that are read first
    size_t place = 0;                         // in what first_ or rest_ reads
  };

  const TableFile& file_info() const { return part_->file->file(); }
  bool MayHaveRows(const RangeOf& range_of) const;
  Status CheckColumns() const;
  Status FindFolderColumns();
  Status PlanColumns();
  void ChooseRowGroups();
  bool IsAskedFirst(const std::vector<bool>& in_file) const;
  ColumnRange RangeOfColumn(int row_group, int column) const;
  Result<bool> NextRowGroup();
  Result<bool> IsWanted(const arrow::ArrayVector& first, int64_t rows);
  Status OpenRest();
  Result<std::shared_ptr<arrow::RecordBatch>> ReadSlice();
  Result<std::shared_ptr<arrow::RecordBatch>> Shape(const arrow::ArrayVector& first, const arrow::ArrayVector& rest,
                                                    int64_t rows);

  const std::shared_ptr<const FilePart> part_;
  const std::shared_ptr<const TableRead> table_;
  const ReadRequest request_;
  ReaderMemory memory_;
  MemoryClaim slice_claim_;  // columns without a field in the file
  std::unique_ptr<parquet::ParquetFileReader> file_;
  std::shared_ptr<arrow::Schema> schema_;  // of the slices
  std::vector<Origin> origins_;            // by request_.columns
  std::optional<RowGroupColumns> first_;   // those that tell which rows are wanted; empty when nobody asks
  std::optional<RowGroupColumns> rest_;
  FileCalendar calendar_;
  int64_t slice_rows_ = 0;  // most rows of a slice: fewer when they are wide
  std::vector<int> row_groups_;
  size_t next_group_ = 0;

  int row_group_ = -1;      // the open one
  bool rest_open_ = false;  // rest_ stands in the open row group
  int64_t behind_ = 0;      // rows that rest_ has not passed yet
  int64_t asked_ = 0;       // slices
  int64_t wanted_slices_ = 0;
  int64_t rows_left_ = 0;    // of the open row group
  int64_t slice_begin_ = 0;  // row of the file that the last slice begins with
  int64_t slice_end_ = 0;
  std::atomic<bool> cancelled_{false};
};

}  // namespace sluice
