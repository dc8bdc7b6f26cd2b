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
JoinSpec JoinSpecOf(const PlanNode& node);

// Keeps the right rows in memory and reads the left ones slice by slice. Rows come in the order of the left ones;
// within a slice those without a partner come last, and right rows without one at the very end. A row that has a left
// one keeps its place.
class HashJoinOperator : public Operator {
 public:
  // Reads the right rows itself, when its first row is asked for.
  HashJoinOperator(JoinSpec spec, std::unique_ptr<Operator> left, std::unique_ptr<Operator> right, EvalContext context,
                   MemoryBudget* budget);
  // Over right rows that others use as well: not for joins that give those without a partner. `keeps_together`: bad
  // rows are set aside above, so the rows of one origin come in one slice.
  HashJoinOperator(JoinSpec spec, std::unique_ptr<Operator> left, std::shared_ptr<const JoinTable> right,
                   EvalContext context, bool keeps_together);
  const std::shared_ptr<arrow::Schema>& schema() const override { return spec_.schema; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override;
  Result<SourceRecord> RecordOf(int64_t row) const override;
  std::optional<int64_t> OriginOf(int64_t row) const override;
  void Cancel() override;

 private:
  using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
  // Row numbers of both sides, in pairs.
  struct Pairs {
    std::vector<int32_t> left;
    std::vector<int32_t> right;
  };

  Status Begin(BatchPtr slice);
  bool IsFull(const Pairs& pairs) const;
  Result<BatchPtr> NextOfSlice();
  int64_t LeftRow(int64_t row) const;
  // The next pairs of the current slice whose keys are equal, at most a slice's worth.
  Pairs NextPairs();
  Status KeepTrue(Pairs* pairs) const;
  Status NoteMatches(const Pairs& pairs);
  void RuleOutNulls();
  Result<BatchPtr> Joined(const Pairs& pairs) const;
  // The slice with a column that says which rows have a partner.
  Result<BatchPtr> WithExistence() const;
  // What the type makes of the slice's rows beside the pairs; null: nothing.
  Result<BatchPtr> Rest();
  Result<BatchPtr> RightAlone();

  const JoinSpec spec_;
  const std::unique_ptr<Operator> left_;
  const std::unique_ptr<Operator> right_;  // null: the table was given
  const EvalContext context_;
  MemoryBudget* const budget_;
  const bool keeps_together_ = false;
  std::shared_ptr<const JoinTable> table_;
  std::vector<bool> met_;  // right rows that had a partner, where that matters
  int64_t alone_ = 0;      // right rows looked at for those without one
  bool left_ended_ = false;

  BatchPtr slice_;              // of the left rows
  std::vector<int32_t> given_;  // the left rows that those of the last output slice were made of
  std::vector<int32_t> first_;
  std::vector<bool> usable_;  // rows whose keys may meet something
  std::vector<bool> matched_;
  bool rest_given_ = false;           // what the type makes of the slice's rows beside the pairs
  int64_t row_ = 0;                   // next of the slice
  int32_t chain_ = JoinTable::kNone;  // next right row for it; kNone: from the beginning
};

}  // namespace sluice
