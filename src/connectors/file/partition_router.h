// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"

namespace sluice {

// Tells which rows of a slice go into which partition folder. Folders of values that came before are remembered, since
// to print a value costs more than to find it. One thread at a time.
class PartitionRouter {
 public:
  // The rows of one folder, ascending.
  struct Part {
    std::string folder;  // "p=1/q=a"
    std::vector<int32_t> rows;
  };

  // `columns`: the partition columns inside a slice, `names` theirs. `time_zone` is of the timestamps among them.
  PartitionRouter(std::vector<int> columns, std::vector<std::string> names, std::string time_zone)
      : columns_(std::move(columns)), names_(std::move(names)), time_zone_(std::move(time_zone)) {}

  // The parts of a slice, in the order in which their folders first appear. Valid until the next call.
  Result<const std::vector<Part>*> Route(const arrow::RecordBatch& slice);

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <typename Value>
  using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

  void KeyOf(const arrow::ArrayVector& values, int64_t row);
  Result<size_t> PartOf(const arrow::ArrayVector& values, int64_t row);
  Result<const std::string*> FolderOf(const arrow::ArrayVector& values, int64_t row);

  const std::vector<int> columns_;
  const std::vector<std::string> names_;
  const std::string time_zone_;
  ByText<std::string> folders_;    // by the bytes of the values
  ByText<size_t> part_of_values_;  // of this slice: by the bytes of the values
  ByText<size_t> part_of_folder_;  // of this slice
  std::vector<Part> parts_;
  std::string key_, previous_key_;
  size_t previous_part_ = 0;
};

}  // namespace sluice
