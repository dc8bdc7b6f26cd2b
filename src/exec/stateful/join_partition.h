// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "exec/stateful/stream_join.h"

namespace sluice {

// The keys of one side's rows as they are compared: -0.0 and 0.0 are one, and so are all NaNs.
Result<arrow::ArrayVector> JoinKeysOf(const std::vector<ExprPtr>& keys, const arrow::RecordBatch& rows,
                                      const EvalContext& context);

// A partition of a join of two streams. `batch` outlives it.
Result<std::unique_ptr<Operator>> OpenJoinPartition(std::shared_ptr<const StreamJoin::Shape> shape,
                                                    const StateBatch& batch, StatePartition partition);

}  // namespace sluice
