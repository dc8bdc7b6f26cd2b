// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/parquet/column_levels.h"
#include "connectors/parquet/leaf_writer.h"
#include "connectors/parquet/parquet_codec.h"
#include "connectors/parquet/parquet_schema.h"
#include "env/file_system.h"

namespace sluice {

class ParquetAssembly;
class PendingOutput;

// What all part files of a query have in common. Shared, immutable.
struct ParquetLayout {
  std::shared_ptr<arrow::Schema> schema;  // of the file
  std::vector<int> columns;               // the file's columns inside a slice
  ParquetShape shape;
  ParquetCodec codec;
  std::string row_metadata;  // Spark's schema JSON, for the footer

  // `columns`: which of the slices' columns go into the files.
  static Result<std::shared_ptr<const ParquetLayout>> Make(const arrow::Schema& slices, const std::vector<int>& columns,
                                                           TimestampForm timestamps, const ParquetCodec& codec);
};

struct WrittenParquet {
  std::unique_ptr<PendingFile> file;  // complete, not published
  int64_t size = 0;
  int64_t rows = 0;
};

// Writes one Parquet file as Spark would. The bytes are a function of the slices given, of the calls of CloseRowGroup
// and of the layout. Values are taken over during Write: slices need not live longer. One thread at a time.
class ParquetWriter {
 public:
  ParquetWriter(std::unique_ptr<PendingFile> file, std::shared_ptr<const ParquetLayout> layout);
  ~ParquetWriter();

  // `rows`: which rows of the slice, ascending, or null for all of them; `count`: how many.
  Status Write(const arrow::RecordBatch& slice, const int32_t* rows, int64_t count);
  int64_t rows() const { return rows_; }
  // Input bytes of the row group that is open.
  int64_t open_bytes() const { return open_bytes_; }
  Status CloseRowGroup();
  // Completes the file, if need be one without rows.
  Result<WrittenParquet> Finish();

 private:
  Status Open(const arrow::RecordBatch* first, const int32_t* rows, int64_t count);
  Status WriteColumn(const ColumnShape& shape, const std::shared_ptr<arrow::Array>& array, const int32_t* rows,
                     int64_t count);
  Status WriteShredded(const ColumnShape& shape, const std::shared_ptr<arrow::Array>& array, const int32_t* rows,
                       int64_t count);

  std::shared_ptr<PendingOutput> output_;
  std::shared_ptr<const ParquetLayout> layout_;
  std::unique_ptr<ParquetAssembly> file_;
  LeafWriter leaf_writer_;
  std::vector<LeafLevels> levels_;
  std::vector<int16_t> present_;  // ones: the definition levels of a column without nulls
  int64_t rows_ = 0;
  int64_t open_bytes_ = 0;
  int64_t open_rows_ = 0;
};

}  // namespace sluice
