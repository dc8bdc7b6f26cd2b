// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice {

// Spark's own generator (XORShiftRandom): the same seed gives the same numbers as there.
class XorShiftRandom {
 public:
  explicit XorShiftRandom(int64_t seed);
  double NextDouble();  // in [0, 1)

 private:
  int64_t Next(int bits);
  uint64_t state_;
};

// How often each row comes in a sample with replacement: Poisson numbers of a mean, drawn from the generator that Spark
// uses for them (WELL 19937c) under the same seed.
class PoissonCounts {
 public:
  // `mean` is positive and below 40, where another way of drawing would begin.
  PoissonCounts(double mean, int64_t seed);
  int64_t Next();

 private:
  uint32_t NextBits(int bits);
  double NextDouble();

  static constexpr size_t kWords = 624;
  double mean_;
  std::array<uint32_t, kWords> words_;
  size_t index_ = 0;
};

}  // namespace sluice
