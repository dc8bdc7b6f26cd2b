// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exec/group_table.h"
#include "expr/aggregate.h"
#include "expr/saved_values.h"

namespace sluice {

// Running values of aggregate calls, by group, that are put together from saved ones. One thread at a time.
class SavedGroups {
 public:
  static Result<SavedGroups> Make(const std::vector<AggregateCall>& calls, int64_t groups);

  // Of all calls one after the other, as they are saved.
  const arrow::FieldVector& fields() const { return fields_; }
  int64_t groups() const { return groups_; }
  void Resize(int64_t groups);
  // `saved` has a column for each field; row i goes to group ids[i].
  Status Add(const arrow::ArrayVector& saved, const std::vector<uint32_t>& ids);
  // Adds group i of another one to our group i.
  Status Merge(const SavedGroups& other);
  Result<arrow::ArrayVector> Save() const;
  // One value a call and group. The last call.
  Result<arrow::ArrayVector> Finish();

 private:
  std::vector<std::unique_ptr<Accumulator>> calls_;
  std::vector<SavedValues*> saved_;  // the same objects
  std::vector<size_t> widths_;
  arrow::FieldVector fields_;
  int64_t groups_ = 0;
};

}  // namespace sluice
