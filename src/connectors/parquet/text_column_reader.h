// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type.h>
#include <parquet/column_reader.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "connectors/file/table_memory.h"

namespace parquet {
class ColumnDescriptor;
class RowGroupReader;
}  // namespace parquet

namespace sluice {

// Reads a string column of one row group as views, much faster than through Arrow's builders: where all pages are
// dictionary encoded, a value is one copy of 16 bytes from the dictionary's views. One thread at a time.
class TextColumnReader {
 public:
  // Can the column be read like this as values of `type`? A flat BYTE_ARRAY.
  static bool CanRead(const parquet::ColumnDescriptor& column, const arrow::DataType& type);

  // Column `leaf` of the row group as values of `type`. Like Read, throws parquet::ParquetException for damaged files.
  TextColumnReader(parquet::RowGroupReader* group, int leaf, std::shared_ptr<arrow::DataType> type,
                   ReaderMemory* memory);
  // The next `rows` rows, which must be there.
  Result<std::shared_ptr<arrow::Array>> Read(int64_t rows);
  // Passes over rows, which must be there; whole pages of them are not decoded.
  Status Skip(int64_t rows);

 private:
  using View = arrow::BinaryViewType::c_type;

  Result<int64_t> ReadIndices(int64_t rows);
  Result<int64_t> ReadValues(int64_t rows, std::shared_ptr<arrow::Buffer>* bytes);
  Status KeepDictionary(const parquet::ByteArray* values, int32_t count);
  template <typename ViewOf>
  Result<std::shared_ptr<arrow::Array>> Spread(int64_t rows, int64_t present, ViewOf view_of,
                                               std::shared_ptr<arrow::Buffer> bytes) const;

  const std::shared_ptr<arrow::DataType> type_;
  std::shared_ptr<parquet::ByteArrayReader> reader_;
  const bool by_dictionary_;
  MemoryClaim dictionary_claim_;
  MemoryClaim slice_claim_;
  std::vector<View> dictionary_;
  std::shared_ptr<arrow::Buffer> dictionary_bytes_;
  std::vector<int16_t> levels_;  // 1: the row has a value
  std::vector<int32_t> indices_;
  std::vector<parquet::ByteArray> values_;
  std::vector<View> views_;  // of the rows that have a value
};

}  // namespace sluice
