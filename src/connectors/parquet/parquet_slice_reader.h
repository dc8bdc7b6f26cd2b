// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/arrow/reader.h>

#include <memory>
#include <string>
#include <vector>

#include "connectors/parquet/table_files.h"
#include "connectors/parquet/text_column_reader.h"
#include "connectors/source.h"

namespace sluice {

// A part of a file that one task reads.
struct FilePart {
  TableFile file;
  std::vector<int> row_groups;                      // empty: all of them
  std::shared_ptr<parquet::FileMetaData> metadata;  // of the file, when it is known
};

// What a table's readers have in common.
struct TableRead {
  std::shared_ptr<arrow::Schema> schema;  // of the table; its last columns are those that folders stand for
  std::string time_zone;
};

// Reads some columns of a part of a file, row group by row group; of the others not a byte. Without columns the rows
// are counted by the footer alone.
class ParquetSliceReader : public SliceReader {
 public:
  static Result<std::unique_ptr<SliceReader>> Open(std::shared_ptr<const FilePart> part,
                                                   const std::shared_ptr<const TableRead>& table,
                                                   const std::vector<int>& columns);
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override;

 private:
  // Where a column of a slice comes from.
  struct Origin {
    int in_rows = -1;                         // column of what the file reader yields, or
    int in_texts = -1;                        // reader of a string column, or
    std::shared_ptr<arrow::Scalar> constant;  // the same value in every row (of the folder, or null)
    int field = -1;                           // of the file
  };

  Status FindColumns(const TableRead& table, const std::vector<int>& columns);
  void ChooseReaders();
  void ChooseRowGroups();
  Status OpenRowGroup(int row_group);
  Result<std::shared_ptr<arrow::RecordBatch>> ReadSlice();
  Result<std::shared_ptr<arrow::RecordBatch>> Shape(const std::shared_ptr<arrow::RecordBatch>& read, int64_t rows);

  std::shared_ptr<const FilePart> part_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::shared_ptr<arrow::Schema> schema_;  // of the slices
  std::vector<Origin> origins_;
  std::vector<int> row_leaves_;   // read through Arrow
  std::vector<int> text_leaves_;  // read as texts
  std::vector<std::shared_ptr<arrow::DataType>> text_types_;
  std::vector<int> row_groups_;
  size_t next_group_ = 0;

  std::unique_ptr<arrow::RecordBatchReader> rows_;  // of the open row group; null without row_leaves_
  std::vector<std::unique_ptr<TextColumnReader>> texts_;
  int64_t rows_left_ = 0;    // of the open row group
  int64_t slice_begin_ = 0;  // row of the file that the last slice begins with
  int64_t slice_end_ = 0;
};

}  // namespace sluice
