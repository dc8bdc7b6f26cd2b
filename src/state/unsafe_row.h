// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sluice {

// Rows as Spark's UnsafeRow has them, the form of keys and values in state files:
//   null bits in whole words | a word a field | the variable parts, each zero-padded to 8 bytes
// Spark compares keys by these bytes, so each padding byte counts. Immutable, thread-safe.
class UnsafeRowCodec {
 public:
  // NotSupported for types that no state of Sluice holds.
  static Result<UnsafeRowCodec> Make(std::vector<std::shared_ptr<arrow::DataType>> types);
  const std::vector<std::shared_ptr<arrow::DataType>>& types() const { return types_; }

  // Replaces `bytes` by the rows one after the other; row i is [offsets[i], offsets[i + 1]).
  Status Encode(const arrow::ArrayVector& columns, int64_t rows, std::string* bytes,
                std::vector<uint64_t>* offsets) const;
  // One column a type. SLUICE_STATE_ROW for bytes that are no such row; strings are copied into the columns.
  Result<arrow::ArrayVector> Decode(const std::vector<std::string_view>& rows, arrow::MemoryPool* pool) const;
  // What Spark checks of the first row of a file: its size, and that the bits that stand for nothing are 0.
  bool Fits(std::string_view row) const;

 private:
  explicit UnsafeRowCodec(std::vector<std::shared_ptr<arrow::DataType>> types) : types_(std::move(types)) {}
  std::vector<std::shared_ptr<arrow::DataType>> types_;
};

// Float and double values as Spark has them in keys: -0.0 is 0.0, and there is one NaN. Other columns stay the same.
Result<std::shared_ptr<arrow::Array>> NormalKeyColumn(const std::shared_ptr<arrow::Array>& column);
// The same for all columns.
Result<std::vector<std::shared_ptr<arrow::Array>>> NormalKeyColumns(std::vector<std::shared_ptr<arrow::Array>> columns);

}  // namespace sluice
