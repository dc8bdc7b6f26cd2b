// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "exec/operator.h"
#include "exec/row_isolation.h"
#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// Turns each row into the rows that its generator gives (explode and its kin), behind the kept columns of the row.
// Output is cut into slices of a fixed number of rows, whatever the arrays hold; with `bad_rows` it is cut between two
// records. Each output row keeps the place of the row that it came from.
class GenerateOperator : public Operator {
 public:
  // `node` is a Generate. `bad_rows` may be null; see RowIsolation.
  GenerateOperator(std::unique_ptr<Operator> input, const PlanNode& node, EvalContext context,
                   BadRowSink* bad_rows = nullptr);
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override;
  Result<SourceRecord> RecordOf(int64_t row) const override { return input_->RecordOf(InputRow(row)); }
  std::optional<int64_t> OriginOf(int64_t row) const override { return input_->OriginOf(InputRow(row)); }
  void Cancel() override { input_->Cancel(); }

 private:
  // What becomes of the rows of one output slice, in step.
  struct Picked {
    std::vector<int32_t> rows;       // of the input's slice
    std::vector<int64_t> elements;   // of the values that are generated; -1: NULL
    std::vector<int32_t> positions;  // in the array or map; -1: NULL
  };

  Status ReadValues();
  Picked PickRows();
  bool IsFull(const Picked& picked) const;
  Result<std::shared_ptr<arrow::RecordBatch>> Made(const Picked& picked) const;
  int64_t InputRow(int64_t row) const;

  const std::unique_ptr<Operator> input_;
  const GeneratorSpec spec_;
  const std::vector<ExprPtr> arguments_;
  const std::shared_ptr<arrow::Schema> schema_;
  const EvalContext context_;
  const bool keeps_together_;  // the rows of a record
  RowIsolation isolation_;

  std::shared_ptr<arrow::RecordBatch> slice_;  // of the input, less the rows that were set aside; null: read the next
  std::vector<int64_t> begins_;                // of each row, its first element
  std::vector<int64_t> counts_;                // of each row, how many it has
  arrow::ArrayVector values_;                  // what the elements are of, one a generated column but the position
  size_t row_ = 0;                             // the row that is generated from, and
  int64_t done_ = 0;                           // how many of its elements were given
  std::vector<int32_t> given_;                 // of the last output slice, the row of slice_ that each came from
};

}  // namespace sluice
