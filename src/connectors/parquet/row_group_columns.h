// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connectors/parquet/text_column_reader.h"

namespace sluice {

// Some columns of a file, read row group by row group. One thread at a time; throws parquet::ParquetException for
// damaged files, as Parquet's readers do.
class RowGroupColumns {
 public:
  // `file` must outlive this; `path` is for errors.
  RowGroupColumns(parquet::arrow::FileReader* file, std::string path) : file_(file), path_(std::move(path)) {}
  // Adds a field of the file's root, to be read as `wanted`; all before Prepare.
  void Add(int field, std::shared_ptr<arrow::Field> wanted);
  void Prepare();
  bool empty() const { return places_.empty(); }

  // Begins a row group: its bytes of these columns are fetched in as few reads as their places allow.
  Status Open(int row_group);
  // The next rows of the row group, which must be there: one column a call of Add, in that order.
  Result<arrow::ArrayVector> Read(int64_t rows);
  Status Skip(int64_t rows);

 private:
  struct Place {
    int field;
    std::shared_ptr<arrow::Field> wanted;
    int in_texts = -1;  // reader of a string column, or
    int in_rows = -1;   // column of what Arrow's reader yields
  };

  Result<std::shared_ptr<arrow::RecordBatch>> ReadRows(int64_t rows);

  parquet::arrow::FileReader* const file_;
  const std::string path_;
  std::vector<Place> places_;
  std::vector<int> text_leaves_;
  std::vector<int> row_leaves_;                           // read through Arrow
  std::vector<std::unique_ptr<TextColumnReader>> texts_;  // of the open row group, by text_leaves_
  std::unique_ptr<arrow::RecordBatchReader> rows_;
  std::shared_ptr<arrow::RecordBatch> rest_;  // read through Arrow and not given yet
};

}  // namespace sluice
