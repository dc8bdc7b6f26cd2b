// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sluice {

// Writes a row of key values as bytes and reads it back. Equal keys, as GROUP BY and DISTINCT see them, have equal
// bytes: null equals null, NaN equals NaN, -0.0 is written as 0.0. Immutable.
class KeyCodec {
 public:
  // NotSupported for types that cannot be grouped by (maps).
  static Result<KeyCodec> Make(std::vector<std::shared_ptr<arrow::DataType>> types);
  const std::vector<std::shared_ptr<arrow::DataType>>& types() const { return types_; }

  // Replaces `bytes` by the rows one after the other; row i is [offsets[i], offsets[i + 1]).
  Status Encode(const arrow::ArrayVector& keys, int64_t rows, std::vector<uint8_t>* bytes,
                std::vector<uint64_t>* offsets) const;
  // One column a type from rows that Encode wrote.
  Result<arrow::ArrayVector> Decode(const std::vector<std::string_view>& rows, arrow::MemoryPool* pool) const;

 private:
  explicit KeyCodec(std::vector<std::shared_ptr<arrow::DataType>> types) : types_(std::move(types)) {}
  std::vector<std::shared_ptr<arrow::DataType>> types_;
};

// The bytes of a float or double as keys have them.
float NormalKey(float value);
double NormalKey(double value);

}  // namespace sluice
