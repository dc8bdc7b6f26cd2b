// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "exec/operator.h"
#include "exec/row_isolation.h"
#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// Gives each row once for each window that its time lies in, the window in a last column; a row without a time goes.
// As in Spark windows come from the last to the first, and start at multiples of the slide since 1970 plus the start.
// Of a session there is one: from the row's time to the end that the row gives.
class TimeWindowOperator : public Operator {
 public:
  // `node` is a TimeWindow.
  TimeWindowOperator(std::unique_ptr<Operator> input, const PlanNode& node, EvalContext context, BadRowSink* bad_rows);
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override;
  Result<SourceRecord> RecordOf(int64_t row) const override;
  std::optional<int64_t> OriginOf(int64_t row) const override;
  void Cancel() override { input_->Cancel(); }

 private:
  struct Made {
    std::vector<int32_t> rows;  // of the input, one for each window
    std::vector<int64_t> starts;
    std::vector<int64_t> ends;
  };
  void AddWindows(const arrow::Array& times);
  void AddSessions(const arrow::Array& times, const arrow::Array& ends);
  Result<std::shared_ptr<arrow::Array>> WindowColumn() const;

  std::unique_ptr<Operator> input_;
  const std::shared_ptr<arrow::Schema> schema_;
  const plan::TimeWindow window_;
  const EvalContext context_;
  RowIsolation isolation_;
  Made made_;
};

}  // namespace sluice
