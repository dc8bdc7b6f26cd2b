// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exec/operator.h"
#include "exec/row_isolation.h"
#include "expr/expr.h"

namespace sluice {

// One column an expression. All are evaluated together, so that what they share is computed once.
class ProjectOperator : public Operator {
 public:
  // `bad_rows` may be null; see RowIsolation.
  ProjectOperator(std::unique_ptr<Operator> input, std::vector<ExprPtr> exprs, std::shared_ptr<arrow::Schema> schema,
                  EvalContext context, BadRowSink* bad_rows = nullptr);
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override { return input_->PlaceOf(isolation_.InputRow(row)); }
  Result<SourceRecord> RecordOf(int64_t row) const override { return input_->RecordOf(isolation_.InputRow(row)); }
  std::optional<int64_t> OriginOf(int64_t row) const override { return input_->OriginOf(isolation_.InputRow(row)); }
  void Cancel() override { input_->Cancel(); }

 private:
  std::unique_ptr<Operator> input_;
  const std::vector<ExprPtr> exprs_;
  const std::shared_ptr<arrow::Schema> schema_;
  const EvalContext context_;
  RowIsolation isolation_;
};

}  // namespace sluice
