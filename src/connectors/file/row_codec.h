// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

class RowEncoder;

// Turns rows into bytes and back, column values one after the other, so that rows of many slices can be kept, moved and
// put into another order. For memory and temporary files: another process or version must not read the bytes.
// Immutable, thread-safe.
class RowCodec {
 public:
  // For the columns `columns` of slices of this schema. An internal error for types that the engine does not carry.
  static Result<std::shared_ptr<const RowCodec>> Make(const arrow::Schema& schema, const std::vector<int>& columns);

  // Makes a slice of `rows` encoded rows that follow each other in `bytes`. Columns that were not encoded have the type
  // null. STRING and BINARY values point into `bytes`, which the slice keeps. SLUICE_IO for bytes that do not fit.
  Result<std::shared_ptr<arrow::RecordBatch>> Decode(const std::shared_ptr<arrow::Buffer>& bytes, int64_t rows) const;

 private:
  friend class RowEncoder;
  RowCodec(std::shared_ptr<arrow::Schema> decoded, std::vector<int> columns)
      : decoded_(std::move(decoded)), columns_(std::move(columns)) {}

  const std::shared_ptr<arrow::Schema> decoded_;  // of Decode's slices
  const std::vector<int> columns_;
};

// Encodes rows of one slice, which must outlive it. One thread at a time.
class RowEncoder {
 public:
  RowEncoder(const RowCodec& codec, const arrow::RecordBatch& slice);
  ~RowEncoder();
  RowEncoder(const RowEncoder&) = delete;
  RowEncoder& operator=(const RowEncoder&) = delete;
  // Appends the bytes of a row.
  void Append(int64_t row, std::string* out) const;

 private:
  struct Column;
  std::vector<Column> columns_;
};

}  // namespace sluice
