// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/column_writer.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace sluice {

// Entries of one leaf column, ready to be written. `select` null: the values are the array's first `values`, none null.
struct LeafEntries {
  const arrow::Array* array = nullptr;
  const int16_t* definition = nullptr;  // null: the column is required
  const int16_t* repetition = nullptr;  // null: not below a list
  int64_t levels = 0;
  const int32_t* select = nullptr;
  int64_t values = 0;
};

// Hands values to Parquet's column writers without copies where it can: strings as pointers into the views' own
// buffers. Keeps scratch space from call to call. Not thread-safe.
class LeafWriter {
 public:
  // Returns the bytes of the values. Throws parquet::ParquetException.
  int64_t Write(parquet::ColumnWriter* writer, const LeafEntries& entries);

 private:
  int64_t WriteBytes(parquet::ColumnWriter* writer, const LeafEntries& entries);
  void WriteInt32(parquet::ColumnWriter* writer, const LeafEntries& entries);
  void WriteInt64(parquet::ColumnWriter* writer, const LeafEntries& entries);
  void WriteInt96(parquet::ColumnWriter* writer, const LeafEntries& entries);
  void WriteFixed(parquet::ColumnWriter* writer, const LeafEntries& entries);
  void WriteBool(parquet::ColumnWriter* writer, const LeafEntries& entries);

  std::vector<parquet::ByteArray> byte_arrays_;
  std::vector<parquet::FixedLenByteArray> fixed_;
  std::vector<uint8_t> fixed_bytes_;
  std::vector<parquet::Int96> int96_;
  std::vector<int64_t> int64_;
  std::vector<int32_t> int32_;
  std::vector<float> float_;
  std::vector<double> double_;
  std::unique_ptr<bool[]> bool_;
  int64_t bool_capacity_ = 0;
};

}  // namespace sluice
