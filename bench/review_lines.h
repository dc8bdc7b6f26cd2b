// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The next of a series of numbers below `bound` (splitmix64).
inline uint64_t Draw(uint64_t* state, uint64_t bound) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return (z ^ (z >> 31)) % bound;
}

/// 4,096 words of 2 to 10 letters. Drawn as people use words, the n-th in about 1/n of all places, text of them packs
/// about as well as real reviews do.
inline const std::vector<std::string>& Words() {
  static const auto* words = [] {
    auto* made = new std::vector<std::string>(4096);
    uint64_t state = 7;
    for (std::string& word : *made) {
      const uint64_t size = 2 + Draw(&state, 9);
      for (uint64_t i = 0; i < size; ++i) word += "etaoinshrdlucmfwypvbgkjqxz"[Draw(&state, 26)];
    }
    return made;
  }();
  return *words;
}

/// Appends review `number` to `line`: 15 tab-separated fields, about 450 bytes; the same bytes for the same number.
inline void AppendReview(uint64_t number, std::string* line) {
  static constexpr std::array<std::string_view, 7> kCategories = {
      "Books", "Music", "Video_Games", "Wireless", "Toys", "Kitchen", "Digital_Video_Download"};
  uint64_t state = number;
  state = Draw(&state, UINT64_MAX);  // neighbours must not walk the same series
  auto next = [&state](uint64_t bound) { return Draw(&state, bound); };
  auto words = [&](int count) {
    for (int i = 0; i < count; ++i) {
      if (i > 0) *line += ' ';
      *line += Words()[next(uint64_t{1} << next(13))];
    }
    *line += '\t';
  };
  auto field = [&](uint64_t value) { (*line += std::to_string(value)) += '\t'; };
  auto padded = [&](char letter, uint64_t value, size_t width) {
    const std::string digits = std::to_string(value);
    ((*line += letter).append(width - digits.size(), '0') += digits) += '\t';
  };
  *line += "US\t";
  field(10'000 + next(53'000'000));
  padded('R', number, 13);
  padded('B', next(100'000), 9);
  field(1 + next(999'999'999));
  words(6);
  (*line += kCategories[next(kCategories.size())]) += '\t';
  field(1 + next(5));
  const uint64_t helpful = next(40);
  field(helpful);
  field(helpful + next(9));
  *line += next(50) == 0 ? "Y\t" : "N\t";
  *line += next(5) == 0 ? "N\t" : "Y\t";
  words(5);
  words(43);
  const uint64_t month = 1 + next(12), day = 1 + next(28);
  *line += "201" + std::to_string(next(6)) + (month < 10 ? "-0" : "-") + std::to_string(month) +
           (day < 10 ? "-0" : "-") + std::to_string(day);
}

}  // namespace bench
