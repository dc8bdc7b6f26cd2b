// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "exec/memory_reservation.h"
#include "exec/operator.h"
#include "exec/python_rows.h"
#include "exec/row_groups.h"
#include "plan/plan.h"

namespace sluice {

// What Python functions make of groups of rows: of one input (applyInPandas, applyInArrow), of two (cogroup), or one
// row a group (aggregating functions, behind the group's keys). Inputs are sorted by their keys; groups come in that
// order, those that only the second input has behind the others.
class PythonGroupsOperator : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const PlanNode& node, std::vector<std::unique_ptr<Operator>> inputs,
                                                EvalContext context, MemoryBudget* budget);
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override;

 private:
  using Rows = std::vector<std::shared_ptr<arrow::RecordBatch>>;

  PythonGroupsOperator(const PlanNode& node, EvalContext context, MemoryBudget* budget);
  // The next group's streams; none at the end.
  Result<std::optional<std::vector<Rows>>> NextGroup();
  Status ReadRight();
  Status SendNext();
  Result<Rows> ForWorker(const PythonRows& side, const Rows& rows) const;
  Result<std::shared_ptr<arrow::RecordBatch>> WithKeys(const std::shared_ptr<arrow::RecordBatch>& results);

  const std::shared_ptr<arrow::Schema> schema_;
  const plan::PythonStep step_;
  MemoryReservation memory_;
  std::vector<std::unique_ptr<PythonRows>> sides_;
  std::vector<std::unique_ptr<RowGroups>> groups_;
  std::shared_ptr<arrow::Schema> results_;  // what the worker gives
  std::unique_ptr<PythonTask> task_;
  std::deque<std::shared_ptr<arrow::RecordBatch>> keys_;  // one row each: of the groups whose results are to come
  bool right_read_ = false;
  std::deque<std::pair<std::string, Rows>> right_;  // of a cogroup, in order; without rows: it was met
  std::unordered_map<std::string, size_t> right_by_key_;
  bool left_ended_ = false;
  size_t right_next_ = 0;
};

}  // namespace sluice
