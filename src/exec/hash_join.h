// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "exec/join_table.h"
#include "exec/operator.h"
#include "plan/plan.h"

namespace sluice {

// What a join does with rows, over the columns of the left input, then those of the right one.
struct JoinSpec {
  JoinType type = JoinType::kInner;
  JoinKeys left_keys;               // over the left columns
  JoinKeys right_keys;              // over the right columns, of the same types
  std::vector<ExprPtr> conditions;  // over both; all must hold
  std::shared_ptr<arrow::Schema> schema;
};

// Of a plan node of that kind.
JoinSpec JoinSpecOf(const PlanNode& join);

// Keeps the right rows in memory and reads the left ones slice by slice. Rows come in the order of the left ones;
// within a slice those without a partner come last, and right rows without one at the very end.
class HashJoinOperator : public Operator {
 public:
  // Reads the right rows itself, when its first row is asked for.
  HashJoinOperator(JoinSpec spec, std::unique_ptr<Operator> left, std::unique_ptr<Operator> right, EvalContext context,
                   MemoryBudget* budget);
  // Over right rows that others use as well: not for joins that give those without a partner.
  HashJoinOperator(JoinSpec spec, std::unique_ptr<Operator> left, std::shared_ptr<const JoinTable> right,
                   EvalContext context);
  const std::shared_ptr<arrow::Schema>& schema() const override { return spec_.schema; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override;

 private:
  using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
  // Row numbers of both sides, in pairs.
  struct Pairs {
    std::vector<int32_t> left;
    std::vector<int32_t> right;
  };

  Status Begin(BatchPtr slice);
  // The next pairs of the current slice whose keys are equal, at most a slice's worth.
  Pairs NextPairs();
  Status KeepTrue(Pairs* pairs) const;
  Status NoteMatches(const Pairs& pairs);
  void RuleOutNulls();
  Result<BatchPtr> Joined(const Pairs& pairs) const;
  // The slice with a column that says which rows have a partner.
  Result<BatchPtr> WithExistence() const;
  // What the type makes of the slice's rows beside the pairs; null: nothing.
  Result<BatchPtr> Rest() const;
  Result<BatchPtr> RightAlone();

  const JoinSpec spec_;
  const std::unique_ptr<Operator> left_;
  const std::unique_ptr<Operator> right_;  // null: the table was given
  const EvalContext context_;
  MemoryBudget* const budget_;
  std::shared_ptr<const JoinTable> table_;
  std::vector<bool> met_;  // right rows that had a partner, where that matters
  int64_t alone_ = 0;      // right rows looked at for those without one
  bool left_ended_ = false;

  BatchPtr slice_;  // of the left rows
  std::vector<int32_t> first_;
  std::vector<bool> usable_;  // rows whose keys may meet something
  std::vector<bool> matched_;
  int64_t row_ = 0;                   // next of the slice
  int32_t chain_ = JoinTable::kNone;  // next right row for it; kNone: from the beginning
};

}  // namespace sluice
