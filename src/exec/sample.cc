// SPDX-License-Identifier: Apache-2.0
#include "exec/sample.h"

#include <arrow/api.h>

#include <utility>

#include "exec/select_rows.h"

namespace sluice {

SampleOperator::SampleOperator(std::unique_ptr<Operator> input, plan::Sample sample, EvalContext context)
    : input_(std::move(input)), sample_(sample), context_(std::move(context)), numbers_(sample.seed) {
  const double mean = sample_.upper - sample_.lower;
  if (sample_.with_replacement && mean > 0) counts_.emplace(mean, sample_.seed);
}

int64_t SampleOperator::TimesOfNextRow() {
  if (sample_.upper - sample_.lower <= 0) return 0;
  if (counts_) return counts_->Next();
  const double number = numbers_.NextDouble();
  return number >= sample_.lower && number < sample_.upper ? 1 : 0;
}

Result<std::shared_ptr<arrow::RecordBatch>> SampleOperator::Next() {
  for (;;) {
    SLUICE_ASSIGN(auto slice, input_->Next());
    if (slice == nullptr) return slice;
    std::vector<int32_t> rows;
    for (int64_t row = 0; row < slice->num_rows(); ++row) {
      for (int64_t times = TimesOfNextRow(); times > 0; --times) rows.push_back(static_cast<int32_t>(row));
    }
    if (!rows.empty()) return SelectRows(slice, rows, context_.pool);
  }
}

}  // namespace sluice
