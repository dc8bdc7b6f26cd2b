// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "expr/aggregate.h"

namespace sluice {

// How the calls of aggregates beyond the basic ones are prepared: arguments coerced, type and nullable set. Arguments
// that must be constants are LiteralExpr afterwards.
Status PreparePair(AggregateCall* call);
Status PreparePairCount(AggregateCall* call);
Status PrepareBits(AggregateCall* call);
Status PrepareBy(AggregateCall* call);
Status PrepareList(AggregateCall* call);
Status PrepareSet(AggregateCall* call);
Status PrepareText(AggregateCall* call);
Status PrepareMode(AggregateCall* call);
Status PreparePercentile(AggregateCall* call);
Status PrepareMedian(AggregateCall* call);
Status PrepareApproximate(AggregateCall* call);
Status PrepareApproximateCount(AggregateCall* call);

// Of calls that are prepared.
Result<std::unique_ptr<Accumulator>> JoinedText(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> Percentile(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> Approximate(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> ApproximateCount(const AggregateCall& call);

}  // namespace sluice
