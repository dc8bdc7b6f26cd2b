// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "expr/aggregate.h"

namespace sluice {

// Accumulators by family; the call's arguments have the types that aggregate.cc gives them.
std::unique_ptr<Accumulator> MakeCount(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> MakeSum(const AggregateCall& call);
Result<std::unique_ptr<Accumulator>> MakeAverage(const AggregateCall& call);
// min, max, bool_and, bool_or: `sign` 1 keeps the greatest, -1 the least.
Result<std::unique_ptr<Accumulator>> MakeExtreme(const AggregateCall& call, int sign);
// first and last; `ignore_nulls` from their second argument.
std::unique_ptr<Accumulator> MakePicked(const AggregateCall& call, bool last, bool ignore_nulls);
enum class Moment { kVariancePopulation, kVarianceSample, kDeviationPopulation, kDeviationSample };
std::unique_ptr<Accumulator> MakeMoment(const AggregateCall& call, Moment moment);

}  // namespace sluice
