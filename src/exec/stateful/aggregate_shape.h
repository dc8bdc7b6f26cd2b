// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "exec/stateful/stateful_operator.h"
#include "expr/aggregate.h"
#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// What a streaming GROUP BY computes and keeps. Immutable.
struct AggregateShape {
  // `node` is a kAggregate. NotSupported, by its name, for an aggregate whose running value has no form in state files.
  static Result<std::shared_ptr<AggregateShape>> Make(const PlanNode& node);

  std::vector<ExprPtr> keys;       // of the state: without constants and repetitions
  std::vector<int> key_of;         // of each key of the result: its place in `keys`, or -1: a constant
  std::vector<ExprPtr> constants;  // by key of the result, null unless it is one
  std::vector<AggregateCall> calls;
  std::shared_ptr<arrow::Schema> key_schema;    // of `keys`
  std::shared_ptr<arrow::Schema> value_schema;  // what all calls save
  std::shared_ptr<arrow::Schema> output;

  // The result's rows, of the columns of `keys` and one column a call.
  Result<std::shared_ptr<arrow::RecordBatch>> Output(const arrow::ArrayVector& key_columns,
                                                     const arrow::ArrayVector& values, int64_t rows,
                                                     const EvalContext& context) const;
};

// Aggregates the rows of a task, and gives each group, as its keys and what its calls save, to the partition that the
// columns `partitioned_by` of the keys say. Everything given outlives the result.
Result<std::unique_ptr<StateInput>> OpenAggregateInput(std::shared_ptr<const AggregateShape> shape,
                                                       std::vector<int> partitioned_by, const StateBatch& batch,
                                                       Exchange* exchange, int task);

std::vector<std::shared_ptr<arrow::DataType>> TypesOf(const arrow::Schema& schema);

}  // namespace sluice
