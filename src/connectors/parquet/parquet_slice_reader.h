// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/arrow/reader.h>

#include <memory>
#include <string>
#include <vector>

#include "connectors/parquet/table_files.h"
#include "connectors/source.h"

namespace sluice {

// A part of a file that one task reads.
struct FilePart {
  TableFile file;
  std::vector<int> row_groups;  // empty: all of them
};

// Reads some columns of a part of a file. `schema` is the table's; its last columns are those that folders stand for.
class ParquetSliceReader : public SliceReader {
 public:
  static Result<std::unique_ptr<SliceReader>> Open(std::shared_ptr<const FilePart> part,
                                                   const std::shared_ptr<arrow::Schema>& schema,
                                                   const std::vector<int>& columns, const std::string& time_zone);
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override;

 private:
  // Where a column of a slice comes from.
  struct Origin {
    int in_file = -1;                         // column of what the file reader yields, or
    std::shared_ptr<arrow::Scalar> constant;  // the same value in every row (of the folder, or null)
  };

  Result<std::shared_ptr<arrow::RecordBatch>> Shape(const std::shared_ptr<arrow::RecordBatch>& read) const;

  std::shared_ptr<const FilePart> part_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> rows_;
  std::shared_ptr<arrow::Schema> schema_;  // of the slices
  std::vector<Origin> origins_;
  int64_t rows_before_ = 0;  // rows of this part before the last slice
  int64_t last_rows_ = 0;
};

}  // namespace sluice
