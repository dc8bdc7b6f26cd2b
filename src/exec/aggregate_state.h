// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "exec/group_table.h"
#include "exec/memory_reservation.h"
#include "exec/operator.h"
#include "expr/aggregate.h"
#include "expr/expr.h"

namespace sluice {

// What an aggregation computes. Immutable; must outlive its states.
struct AggregateSpec {
  std::vector<ExprPtr> keys;
  std::vector<AggregateCall> calls;
  std::shared_ptr<arrow::Schema> schema;  // keys, then aggregates
  EvalContext context;
  MemoryBudget* budget = nullptr;
  bool repeatable = false;  // the input may be read again, and gives the same rows
};

// The groups of the rows seen so far with their running values. Several states over parts of the rows, merged in the
// order of the parts, give what one state over all rows gives. One thread at a time.
//
// A state may be of a range of hashes: of the groups, or without keys of the distinct arguments (what is not distinct
// goes into the first range). States of ranges that make up all, each over all rows, together give what one gives.
class AggregateState {
 public:
  // SLUICE_MEMORY_BUDGET by every call below when the groups do not fit. `sorted_bits`: so many first bits of the range
  // the rows have that are given; the other rows of theirs are elsewhere.
  static Result<std::unique_ptr<AggregateState>> Make(const AggregateSpec& spec, const HashRange& range = {},
                                                      int sorted_bits = 0);

  // Adds one slice; an error of a row carries the row's number in it.
  Status Add(const std::shared_ptr<arrow::RecordBatch>& slice);
  Status Merge(const AggregateState& other);
  // What ranges divide: groups, or without keys the most distinct arguments of a call.
  int64_t divisible() const;
  // Takes what Finish needs beside the groups.
  Status CoverResult();
  // Counts what is distinct, which then takes no memory any more. No row is added afterwards.
  Status CountDistincts();
  // Without keys, both counted: adds the values of another range.
  Status AddRange(const AggregateState& other);
  // One row a group, in the order in which the groups came. The last call.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();
  // The same with what each call saves instead of its value: keys, then the saved columns of all calls. For calls
  // without DISTINCT.
  Result<std::shared_ptr<arrow::RecordBatch>> Save();

 private:
  // The running values of one call. A distinct one only collects the different (group, arguments), or arguments alone
  // when there is one group only, and counts at the end.
  struct Running {
    std::unique_ptr<Accumulator> accumulator;
    std::optional<GroupTable> distinct;
  };

  AggregateState(const AggregateSpec& spec, const HashRange& range, int sorted_bits, GroupTable groups)
      : spec_(spec),
        range_(range),
        other_bits_(std::max(range.bits - sorted_bits, 0)),
        groups_(std::move(groups)),
        memory_(spec.budget, "An aggregation") {}
  Status AddInRange(const std::shared_ptr<arrow::RecordBatch>& slice);
  Status AddCalls(Evaluation& evaluation, const std::shared_ptr<arrow::RecordBatch>& slice);
  Status AddCall(size_t call, Evaluation& evaluation, const std::vector<uint32_t>& ids);
  Status AddFiltered(size_t call, Evaluation& evaluation, const std::shared_ptr<arrow::RecordBatch>& slice,
                     const std::vector<uint32_t>& ids);
  Status MergeDistinct(const GroupTable& other, const std::vector<uint32_t>& mapping, GroupTable* mine);
  Status CountDistinct(size_t call);
  bool grouped() const { return !spec_.keys.empty(); }
  Status ResizeAll();
  int64_t bytes(int64_t more_rows = 0) const;
  int64_t most_keys() const;
  Status CoverMemory();

  const AggregateSpec& spec_;
  const HashRange range_;
  const int other_bits_;  // that rows must have besides to be of the range
  GroupTable groups_;
  std::vector<Running> running_;
  MemoryReservation memory_;
  std::vector<uint32_t> ids_;
  std::vector<uint32_t> distinct_ids_;
};

}  // namespace sluice
