// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "exec/operator.h"
#include "exec/spark_random.h"
#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// A random part of the rows: which ones depends on the seed and on their order alone.
class SampleOperator : public Operator {
 public:
  SampleOperator(std::unique_ptr<Operator> input, plan::Sample sample, EvalContext context);
  const std::shared_ptr<arrow::Schema>& schema() const override { return input_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override { input_->Cancel(); }

 private:
  int64_t TimesOfNextRow();

  const std::unique_ptr<Operator> input_;
  const plan::Sample sample_;
  const EvalContext context_;
  XorShiftRandom numbers_;
  std::optional<PoissonCounts> counts_;  // with replacement
};

}  // namespace sluice
