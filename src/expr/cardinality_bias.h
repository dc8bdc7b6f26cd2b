// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice {

// By how much HyperLogLog++ with 2^precision registers overestimates: `bias` at each of the estimates `raw`, in order.
// Below the threshold empty registers tell more than the estimate.
struct CardinalityBias {
  double threshold;
  int count;
  const double* raw;
  const double* bias;
};

// precision: 4 to 11, and 12 to 18
CardinalityBias CardinalityBiasOfSmall(int precision);
CardinalityBias CardinalityBiasOfLarge(int precision);
inline CardinalityBias CardinalityBiasOf(int precision) {
  return precision < 12 ? CardinalityBiasOfSmall(precision) : CardinalityBiasOfLarge(precision);
}

}  // namespace sluice
