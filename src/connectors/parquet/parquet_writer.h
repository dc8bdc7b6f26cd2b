// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/file/file_format.h"
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

// Writes one Parquet file as Spark would; a group is a row group. The layout, too, decides the bytes.
class ParquetWriter : public FileEncoder {
 public:
  ParquetWriter(std::unique_ptr<PendingFile> file, std::shared_ptr<const ParquetLayout> layout);
  ~ParquetWriter() override;

  Status Write(const arrow::RecordBatch& slice, const int32_t* rows, int64_t count) override;
  int64_t rows() const override { return rows_; }
  int64_t open_bytes() const override { return open_bytes_; }
  Status CloseGroup() override;
  Result<WrittenFile> Finish() override;

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
