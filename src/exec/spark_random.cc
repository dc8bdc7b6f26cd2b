// SPDX-License-Identifier: Apache-2.0
#include "exec/spark_random.h"

#include <bit>
#include <cmath>

namespace sluice {
namespace {

// MurmurHash3 of the seed's 8 bytes, big endian.
uint32_t HashOfSeed(uint64_t seed, uint32_t hash) {
  constexpr int kBlocks = 2;
  for (int block = 0; block < kBlocks; ++block) {
    uint32_t k = __builtin_bswap32(static_cast<uint32_t>(block == 0 ? seed >> 32 : seed));
    k = std::rotl(k * 0xcc9e2d51U, 15) * 0x1b873593U;
    hash = std::rotl(hash ^ k, 13) * 5 + 0xe6546b64U;
  }
  hash ^= kBlocks * 4;
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bU;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35U;
  return hash ^ (hash >> 16);
}

// The first number of java.util.Random: by it Spark seeds the first partition of a sample with replacement.
uint64_t FirstLong(uint64_t seed) {
  constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;
  uint64_t state = (seed ^ 0x5DEECE66DU) & kMask;
  uint64_t number = 0;
  for (int half = 0; half < 2; ++half) {
    state = (state * 0x5DEECE66DU + 0xBU) & kMask;
    const auto bits = static_cast<int64_t>(static_cast<int32_t>(state >> 16));
    number = (number << 32) + static_cast<uint64_t>(bits);
  }
  return number;
}

}  // namespace

XorShiftRandom::XorShiftRandom(int64_t seed) {
  const uint32_t low = HashOfSeed(static_cast<uint64_t>(seed), 0x3c074a61U);
  const uint32_t high = HashOfSeed(static_cast<uint64_t>(seed), low);
  state_ = (static_cast<uint64_t>(high) << 32) | low;
}

int64_t XorShiftRandom::Next(int bits) {
  state_ ^= state_ << 21;
  state_ ^= state_ >> 35;
  state_ ^= state_ << 4;
  return static_cast<int64_t>(state_ & ((uint64_t{1} << bits) - 1));
}

double XorShiftRandom::NextDouble() {
  const int64_t high = Next(26) << 27;
  return static_cast<double>(high + Next(27)) * 0x1.0p-53;
}

PoissonCounts::PoissonCounts(double mean, int64_t seed) : mean_(mean), words_() {
  const uint64_t first = FirstLong(static_cast<uint64_t>(seed));
  words_[0] = static_cast<uint32_t>(first >> 32);
  words_[1] = static_cast<uint32_t>(first);
  for (size_t i = 2; i < kWords; ++i) {
    // A word is a signed number there.
    const auto word = static_cast<int64_t>(static_cast<int32_t>(words_[i - 2]));
    words_[i] = static_cast<uint32_t>(1812433253U * static_cast<uint64_t>(word ^ (word >> 30)) + i);
  }
}

uint32_t PoissonCounts::NextBits(int bits) {
  const size_t before = (index_ + kWords - 1) % kWords;
  const size_t second = (index_ + kWords - 2) % kWords;
  const uint32_t v0 = words_[index_];
  const uint32_t v1 = words_[(index_ + 70) % kWords];
  const uint32_t v2 = words_[(index_ + 179) % kWords];
  const uint32_t v3 = words_[(index_ + 449) % kWords];
  const uint32_t z0 = (0x80000000U & words_[before]) ^ (0x7fffffffU & words_[second]);
  const uint32_t z1 = (v0 ^ (v0 << 25)) ^ (v1 ^ (v1 >> 27));
  const uint32_t z2 = (v2 >> 9) ^ (v3 ^ (v3 >> 1));
  const uint32_t z3 = z1 ^ z2;
  uint32_t z4 = z0 ^ (z1 ^ (z1 << 9)) ^ (z2 ^ (z2 << 21)) ^ (z3 ^ (z3 >> 21));
  words_[index_] = z3;
  words_[before] = z4;
  words_[second] &= 0x80000000U;
  index_ = before;
  z4 ^= (z4 << 7) & 0xe46e1700U;
  z4 ^= (z4 << 15) & 0x9b868000U;
  return z4 >> (32 - bits);
}

double PoissonCounts::NextDouble() {
  const uint64_t high = static_cast<uint64_t>(NextBits(26)) << 26;
  return static_cast<double>(high | NextBits(26)) * 0x1.0p-52;
}

int64_t PoissonCounts::Next() {
  const double least = std::exp(-mean_);
  double product = 1.0;
  int64_t count = 0;
  while (static_cast<double>(count) < 1000 * mean_) {
    product *= NextDouble();
    if (product < least) return count;
    ++count;
  }
  return count;
}

}  // namespace sluice
