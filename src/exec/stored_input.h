// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "exec/exchange.h"
#include "exec/key_table.h"
#include "exec/operator.h"
#include "expr/expr.h"

namespace sluice {

// The rows of the parts of an input, kept in an exchange by the first bits of the hashes of their keys, so that the
// rows of a range of hashes are read without the others. Several parts at a time.
class StoredInput {
 public:
  // `budget` may be null; all that is given outlives this. Without keys the rows of all ranges are together.
  StoredInput(const std::vector<ExprPtr>& keys, int parts, const EvalContext& context, MemoryBudget* budget);
  // So many first bits of their hashes the rows that are read together have in common.
  int bits() const;
  // Takes all rows of a part. An error of a row has the row's place.
  Status Store(int part, Operator* rows);
  // After the last part: leaves the memory to those who read.
  Status Finish() { return exchange_.Spill(); }
  // The rows of a part among which those of the range are, in their order; there may be others. As often as they are
  // asked for.
  std::unique_ptr<Operator> Open(int part, const HashRange& range);

 private:
  const std::vector<ExprPtr>& keys_;
  const EvalContext& context_;
  Exchange exchange_;
  std::mutex mutex_;  // of schema_ while rows are stored
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace sluice
