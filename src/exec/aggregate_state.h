// SPDX-License-Identifier: Apache-2.0
#pragma once

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
};

// The groups of the rows seen so far with their running values. Several states over parts of the rows, merged in the
// order of the parts, give what one state over all rows gives. One thread at a time.
class AggregateState {
 public:
  // SLUICE_MEMORY_BUDGET by every call below when the groups do not fit.
  static Result<std::unique_ptr<AggregateState>> Make(const AggregateSpec& spec);

  // Adds one slice; an error of a row carries the row's number in it.
  Status Add(const std::shared_ptr<arrow::RecordBatch>& slice);
  Status Merge(const AggregateState& other);
  int64_t groups() const { return groups_.groups(); }
  // One row a group, in the order in which the groups came. The last call.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  // The running values of one call. A distinct one only collects the different (group, arguments), or arguments alone
  // when there is one group only, and counts at the end.
  struct Running {
    std::unique_ptr<Accumulator> accumulator;
    std::optional<GroupTable> distinct;
  };

  AggregateState(const AggregateSpec& spec, GroupTable groups)
      : spec_(spec), groups_(std::move(groups)), memory_(spec.budget, "An aggregation") {}
  Status AddCall(size_t call, Evaluation& evaluation, const std::vector<uint32_t>& ids);
  Status AddFiltered(size_t call, Evaluation& evaluation, const std::shared_ptr<arrow::RecordBatch>& slice,
                     const std::vector<uint32_t>& ids);
  Status MergeDistinct(const GroupTable& other, const std::vector<uint32_t>& mapping, GroupTable* mine);
  Status CountDistinct(size_t call);
  bool grouped() const { return !spec_.keys.empty(); }
  Status ResizeAll();
  Status CoverMemory();

  const AggregateSpec& spec_;
  GroupTable groups_;
  std::vector<Running> running_;
  MemoryReservation memory_;
  std::vector<uint32_t> ids_;
  std::vector<uint32_t> distinct_ids_;
};

}  // namespace sluice
