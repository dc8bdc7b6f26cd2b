// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

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
enum class Moment {
  kVariancePopulation,
  kVarianceSample,
  kDeviationPopulation,
  kDeviationSample,
  kSkewness,
  kKurtosis
};
std::unique_ptr<Accumulator> MakeMoment(const AggregateCall& call, Moment moment);
// Of pairs of which neither is NULL; of a regression the first argument is y.
enum class PairMoment {
  kCovariancePopulation,
  kCovarianceSample,
  kCorrelation,
  kCount,
  kAverageX,
  kAverageY,
  kSquaresX,
  kSquaresY,
  kProducts,
  kSlope,
  kIntercept,
  kR2,
};
std::unique_ptr<Accumulator> MakePairMoment(const AggregateCall& call, PairMoment moment);
std::unique_ptr<Accumulator> MakeProduct(const AggregateCall& call);
// bit_and '&', bit_or '|', bit_xor '^' of whole numbers.
Result<std::unique_ptr<Accumulator>> MakeBits(const AggregateCall& call, char operation);
// The first argument where the second is greatest (`sign` 1) or least (-1): the last of several such rows.
std::unique_ptr<Accumulator> MakeValueBy(const AggregateCall& call, int sign);
// The number of different values by their hashes; args: hash, value.
std::unique_ptr<Accumulator> MakeApproximateCount(const AggregateCall& call, int precision);

// Aggregates that keep the values of their groups.
std::unique_ptr<Accumulator> MakeList(const AggregateCall& call);
std::unique_ptr<Accumulator> MakeSet(const AggregateCall& call);
std::unique_ptr<Accumulator> MakeJoinedText(const AggregateCall& call, std::string delimiter);
std::unique_ptr<Accumulator> MakeMode(const AggregateCall& call);

// Which shares of the ranks percentiles are wanted of.
struct PercentileShares {
  std::vector<double> shares;
  bool list = false;      // given, and answered, as an array
  bool counted = false;   // the last argument says how often a value counts
  bool reversed = false;  // the greatest value first
};
std::unique_ptr<Accumulator> MakePercentile(const AggregateCall& call, PercentileShares shares, bool discrete);
std::unique_ptr<Accumulator> MakeApproximatePercentile(const AggregateCall& call, PercentileShares shares,
                                                       double error);

}  // namespace sluice
