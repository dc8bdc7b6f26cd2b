// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "exec/key_codec.h"
#include "exec/operator.h"
#include "exec/python_rows.h"

namespace sluice {

// Rows of an input that is sorted by its keys, group by group. Values of keys are equal as GROUP BY sees them.
class RowGroups {
 public:
  struct Group {
    std::string key;                                        // its bytes: equal keys have equal ones
    std::vector<std::shared_ptr<arrow::RecordBatch>> rows;  // columns that PythonRows gives; at least one row
  };

  // `keys`: so many of the columns that `rows` gives are keys, the first ones.
  static Result<std::unique_ptr<RowGroups>> Make(std::unique_ptr<Operator> input, const PythonRows* rows, int keys);
  // The next group, or none at the end.
  Result<std::optional<Group>> Next();
  void Cancel() { input_->Cancel(); }

 private:
  RowGroups(std::unique_ptr<Operator> input, const PythonRows* rows, int keys, KeyCodec codec)
      : input_(std::move(input)), rows_(rows), keys_(keys), codec_(std::move(codec)) {}
  // Reads the next slice of the input; false at the end.
  Result<bool> Read();

  const std::unique_ptr<Operator> input_;
  const PythonRows* const rows_;
  const int keys_;
  const KeyCodec codec_;
  std::shared_ptr<arrow::RecordBatch> slice_;
  std::vector<uint8_t> key_bytes_;  // of the slice
  std::vector<uint64_t> key_offsets_;
  int64_t at_ = 0;  // next row of the slice
};

}  // namespace sluice
