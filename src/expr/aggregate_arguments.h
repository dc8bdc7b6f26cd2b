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
// Of min, max and the like.
Status PrepareExtreme(AggregateCall* call);
Status PrepareBy(AggregateCall* call);
Status PrepareList(AggregateCall* call);
Status PrepareSet(AggregateCall* call);
// listagg(value[, delimiter]); with an order, a text of two letters a key ('a' or 'd', NULLs 'f' or 'l') and the keys
// stand behind the delimiter.
Status PrepareText(AggregateCall* call);
// mode(value[, deterministic[, greatest]]): which of several it is.
Status PrepareMode(AggregateCall* call);
Status PrepareHistogram(AggregateCall* call);
Status PrepareFrequentItems(AggregateCall* call);
Status PreparePercentile(AggregateCall* call);
Status PrepareMedian(AggregateCall* call);
Status PrepareApproximate(AggregateCall* call);
Status PrepareApproximateCount(AggregateCall* call);

// Of calls that are prepared.
Result<std::unique_ptr<Accumulator>> JoinedText(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> Percentile(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> Approximate(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> ApproximateCount(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> HistogramOf(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> FrequentItemsOf(const AggregateCall& call);

}  // namespace sluice
