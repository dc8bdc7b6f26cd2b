// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"

namespace sluice {

// The values of all groups of an aggregate that keeps them, of any type. One thread at a time.
class CollectedValues {
 public:
  explicit CollectedValues(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}

  // Values with the groups [offsets[g], offsets[g + 1]), each in the order in which its values came.
  struct Grouped {
    std::shared_ptr<arrow::Array> values;
    std::vector<int64_t> offsets;
  };

  void Resize(int64_t groups) { groups_ = groups; }
  int64_t groups() const { return groups_; }
  // Keeps what is not NULL, or all of it.
  Status Add(const std::shared_ptr<arrow::Array>& column, const uint32_t* groups, int64_t rows, bool nulls = false);
  Status Merge(const CollectedValues& other, const uint32_t* mapping);
  int64_t size() const { return static_cast<int64_t>(owners_.size()); }
  // What the values take in memory.
  int64_t bytes() const;
  Result<Grouped> Group() const;
  // Leaves one of the equal values of a group, the first.
  Status KeepFirsts();

 private:
  Result<std::shared_ptr<arrow::Array>> All() const;

  std::shared_ptr<arrow::DataType> type_;
  int64_t groups_ = 0;
  std::vector<std::shared_ptr<arrow::Array>> chunks_;
  std::vector<uint32_t> owners_;  // the group of each value
  int64_t chunk_bytes_ = 0;
};

// A list column of them, one list a group.
Result<std::shared_ptr<arrow::Array>> ListColumn(const CollectedValues::Grouped& grouped,
                                                 const std::shared_ptr<arrow::DataType>& type);
// The column with its texts in buffers of its own, at all levels: it keeps no others alive.
Result<std::shared_ptr<arrow::Array>> OwnTexts(const std::shared_ptr<arrow::Array>& column, arrow::MemoryPool* pool);

}  // namespace sluice
