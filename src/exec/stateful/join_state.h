// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/state_map.h"
#include "state/unsafe_row.h"

namespace sluice {

// Keys with a number behind them: rows of a key's columns and an INT64 as one column more, made of the key's bytes.
// Immutable.
class NumberedKeys {
 public:
  explicit NumberedKeys(const std::vector<std::shared_ptr<arrow::DataType>>& key_types);
  // Replaces `bytes` by the key with the number 0.
  void Begin(std::string_view key, std::string* bytes) const;
  // Puts another number into what Begin made.
  void SetNumber(int64_t number, std::string* bytes) const;

 private:
  size_t fields_;
  std::vector<size_t> variable_;  // fields whose word is a place in the row
  std::vector<size_t> padded_;    // of these, those that have a place even when they are NULL
};

// The rows that one side of a join of two streams keeps, in Spark's two stores:
//   keyToNumValues       key -> number of rows
//   keyWithIndexToValue  key, 0 .. number - 1 -> the row's columns, and from version 2 of the format on whether it had
//                        a partner: only then it is asked and marked
// Views end with the next change. One thread.
class JoinState {
 public:
  // `columns`: of the rows, without the flag. All outlive the state.
  JoinState(const NumberedKeys* keys, int columns, StateMap* counts, StateMap* rows)
      : keys_(keys), columns_(columns), counts_(counts), rows_(rows) {}

  int64_t Count(std::string_view key) const;
  // The row of a key by its number, which is less than the count. SLUICE_STATE_ROW when the stores do not fit together.
  Result<std::string_view> Row(std::string_view key, int64_t number);
  bool Matched(std::string_view row) const;
  void Append(std::string_view key, std::string_view row);
  void MarkMatched(std::string_view key, int64_t number, std::string_view row);
  // Removes the rows of a key that `leaves` is true of. The last row takes the place of one that is gone, as in Spark,
  // and is asked about under its new number. The result is how many left.
  Result<int64_t> Remove(std::string_view key, const std::function<bool(int64_t number, std::string_view row)>& leaves);
  // The keys are those of this map.
  const StateMap& counts() const { return *counts_; }
  void EndViews() {
    counts_->EndViews();
    rows_->EndViews();
  }

 private:
  void SetCount(std::string_view key, int64_t count);

  const NumberedKeys* keys_;
  int columns_;
  StateMap* counts_;
  StateMap* rows_;
  std::string numbered_;     // the last key asked for, with a number
  std::string numbered_of_;  // that key
  bool begun_ = false;
  std::string changed_;
};

}  // namespace sluice
