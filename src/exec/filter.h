// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "exec/operator.h"
#include "exec/row_isolation.h"
#include "expr/expr.h"

namespace sluice {

// The rows for which a condition is true (not false, not null). Keeps the selected rows' numbers, so that an error
// above it still finds the row's place.
class FilterOperator : public Operator {
 public:
  // `bad_rows` may be null; see RowIsolation.
  FilterOperator(std::unique_ptr<Operator> input, ExprPtr condition, EvalContext context,
                 BadRowSink* bad_rows = nullptr);
  const std::shared_ptr<arrow::Schema>& schema() const override { return input_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override;
  Result<SourceRecord> RecordOf(int64_t row) const override { return input_->RecordOf(InputRow(row)); }
  std::optional<int64_t> OriginOf(int64_t row) const override { return input_->OriginOf(InputRow(row)); }
  void Cancel() override { input_->Cancel(); }

 private:
  int64_t InputRow(int64_t row) const;

  std::unique_ptr<Operator> input_;
  const ExprPtr condition_;
  const EvalContext context_;
  RowIsolation isolation_;
  std::vector<int32_t> selected_;  // rows of the input's last slice, less those that were set aside
};

}  // namespace sluice
