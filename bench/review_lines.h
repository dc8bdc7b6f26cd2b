// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// Appends review `number` to `line`: 15 tab-separated fields, about 450 bytes; the same bytes for the same number.
inline void AppendReview(uint64_t number, std::string* line) {
  static constexpr std::array<std::string_view, 48> kWords = {
      "the",     "a",        "very",      "good",    "case",  "works", "fine",    "bought", "this",    "for",
      "my",      "daughter", "screen",    "sound",   "light", "heavy", "cheap",   "price",  "quality", "fits",
      "well",    "broke",    "after",     "two",     "weeks", "would", "again",   "never",  "great",   "box",
      "arrived", "late",     "five",      "stars",   "value", "money", "perfect", "gift",   "music",   "game",
      "phone",   "easy",     "recommend", "product", "not",   "but",   "it",      "is"};
  static constexpr std::array<std::string_view, 7> kCategories = {
      "Books", "Music", "Video_Games", "Wireless", "Toys", "Kitchen", "Digital_Video_Download"};
  uint64_t state = number * 0x9E3779B97F4A7C15ULL + 1;
  auto next = [&state](uint64_t bound) {  // splitmix64
    uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return (z ^ (z >> 31)) % bound;
  };
  auto words = [&](int count) {
    for (int i = 0; i < count; ++i) {
      if (i > 0) *line += ' ';
      *line += kWords[next(kWords.size())];
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
  words(6);
  words(52);
  const uint64_t month = 1 + next(12), day = 1 + next(28);
  *line += "201" + std::to_string(next(6)) + (month < 10 ? "-0" : "-") + std::to_string(month) +
           (day < 10 ? "-0" : "-") + std::to_string(day);
}

}  // namespace bench
