// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/memory_budget.h"
#include "exec/operator.h"
#include "exec/part_opener.h"
#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// The rows of an input in other parts, for a repartition of a batch query. The first part that is read brings all rows
// to an exchange, by threads of its own; the others wait for it. Any thread.
class MovedParts {
 public:
  // `parts` of the input are opened by `open`. `budget` may be null; all that is given outlives the rows.
  MovedParts(const PlanPtr& node, int parts, PartOpener open, int threads, const EvalContext& context,
             MemoryBudget* budget);
  ~MovedParts();
  MovedParts(const MovedParts&) = delete;
  MovedParts& operator=(const MovedParts&) = delete;

  // The rows of a part, once. They keep what is shared alive.
  static std::unique_ptr<Operator> Open(std::shared_ptr<MovedParts> moved, int part);

 private:
  class Rows;
  class Shared;
  const std::unique_ptr<Shared> shared_;
};

}  // namespace sluice
