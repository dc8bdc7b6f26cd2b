// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "exec/group_table.h"
#include "exec/memory_reservation.h"
#include "exec/operator.h"
#include "expr/expr.h"

namespace sluice {

// The keys of one side of a join.
struct JoinKeys {
  std::vector<ExprPtr> exprs;
  std::vector<bool> null_safe;  // for each, whether NULL meets NULL (<=>)

  // Evaluates them; `usable` becomes false for rows with a NULL that meets nothing.
  Result<arrow::ArrayVector> Of(const arrow::RecordBatch& rows, const EvalContext& context,
                                std::vector<bool>* usable) const;
};

// The rows of one side of a join, found by their keys. Immutable once read: any thread.
class JoinTable {
 public:
  static constexpr int32_t kNone = -1;

  // Reads all rows and takes memory for them; SLUICE_MEMORY_BUDGET when they do not fit. `budget` may be null.
  static Result<std::shared_ptr<const JoinTable>> Read(Operator* input, const JoinKeys& keys,
                                                       const EvalContext& context, MemoryBudget* budget);

  const std::shared_ptr<arrow::RecordBatch>& rows() const { return rows_; }
  // Whether a row has a key that meets nothing: NULL.
  bool has_unusable() const { return has_unusable_; }
  int64_t held_bytes() const { return memory_.held(); }
  // (*first)[i] becomes a row whose key is equal to the ith one, or kNone; the others of its key follow by `Next`, in
  // their order. `keys` have the types of this side's. Without keys every row meets every row.
  Status Find(const arrow::ArrayVector& keys, const std::vector<bool>& usable, std::vector<int32_t>* first) const;
  int32_t Next(int32_t row) const { return next_[static_cast<size_t>(row)]; }

 private:
  explicit JoinTable(MemoryBudget* budget) : memory_(budget, "A join") {}
  Status ReadRows(Operator* input, const EvalContext& context);
  Status Index(const JoinKeys& keys, const EvalContext& context);

  MemoryReservation memory_;
  int64_t row_bytes_ = 0;
  std::shared_ptr<arrow::RecordBatch> rows_;
  std::optional<GroupTable> table_;  // of the keys
  std::vector<int32_t> first_;       // by key
  std::vector<int32_t> next_;        // by row
  bool has_unusable_ = false;
};

}  // namespace sluice
