// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/review_generator.h"

#include <array>
#include <string_view>

namespace sluice {
namespace {

constexpr uint64_t kProducts = 4000;

constexpr std::array kCategories = {"Books", "Kitchen", "Toys", "Garden", "Music", "Electronics", "Sports", "Office"};
constexpr std::array kAdjectives = {"Blue",    "Classic", "Portable", "Quiet",  "Little", "Heavy-Duty",
                                    "Folding", "Bright",  "Green",    "Modern", "Wooden", "Compact",
                                    "Soft",    "Steel",   "Warm",     "Pocket"};
constexpr std::array kThings = {"Teapot", "Lantern", "Notebook", "Headphones", "Backpack", "Puzzle",
                                "Radio",  "Rake",    "Kettle",   "Atlas",      "Tripod",   "Blender",
                                "Guitar", "Stool",   "Compass",  "Chess Set"};
constexpr std::array kExtras = {"with Cover", "Set of 2", "for Beginners", "Large", "2nd Edition", "Gift Box", "", ""};
constexpr std::array kHeadlines = {
    "Five stars",      "Does what it says",   "Not what I expected",     "A good present",
    "Would buy again", "Broke after a month", "Better than the old one", "Just fine"};
constexpr std::array kWords = {
    "the",     "box",     "came",   "on",   "time",  "and",      "my",      "family", "likes", "it",     "very",
    "much",    "because", "works",  "well", "every", "day",      "colour",  "is",     "a",     "little", "darker",
    "than",    "picture", "but",    "that", "was",   "no",       "problem", "for",    "us",    "we",     "used",
    "this",    "all",     "summer", "long", "still", "looks",    "like",    "new",    "would", "give",   "more",
    "stars",   "if",      "price",  "were", "lower", "shipping", "took",    "two",    "weeks", "seller", "answered",
    "quickly", "quality", "seems",  "good", "so",    "far",      "bought",  "second", "one"};

// SplitMix64: small, and the same everywhere.
class Random {
 public:
  Random(uint64_t seed, uint64_t stream) : state_(seed * 0x9E3779B97F4A7C15u ^ (stream + 1) * 0xD1B54A32D192ED03u) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  template <typename T, size_t N>
  T Pick(const std::array<T, N>& choices) {
    return choices[Below(N)];
  }

 private:
  uint64_t state_;
};

void AppendDigits(uint64_t number, int width, std::string* out) {
  std::string digits = std::to_string(number);
  if (static_cast<int>(digits.size()) < width) out->append(width - digits.size(), '0');
  *out += digits;
}

void AppendCode(Random* random, int length, std::string* out) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (int i = 0; i < length; ++i) *out += kLetters[random->Below(kLetters.size())];
}

// product_id, product_parent, product_title, product_category
void AppendProduct(uint64_t seed, uint64_t product, std::string* out) {
  Random random(seed ^ 0x70726F64, product);
  *out += 'B';
  AppendCode(&random, 9, out);
  *out += '\t';
  AppendDigits(random.Below(1'000'000'000), 9, out);
  *out += '\t';
  *out += random.Pick(kAdjectives);
  *out += ' ';
  *out += random.Pick(kAdjectives);
  *out += ' ';
  *out += random.Pick(kThings);
  const std::string_view extra = random.Pick(kExtras);
  if (!extra.empty()) {
    *out += ' ';
    *out += extra;
  }
  *out += '\t';
  *out += random.Pick(kCategories);
  *out += '\t';
}

void AppendBody(Random* random, std::string* out) {
  const uint64_t words = 34 + random->Below(48);
  for (uint64_t i = 0; i < words; ++i) {
    if (i > 0) *out += random->Below(12) == 0 ? ". " : " ";
    *out += random->Pick(kWords);
  }
  *out += '.';
}

}  // namespace

void AppendReviewLine(uint64_t seed, uint64_t index, std::string* out) {
  Random random(seed, index);
  *out += "US\t";
  AppendDigits(10'000'000 + random.Below(40'000'000), 8, out);
  *out += "\tR";
  AppendCode(&random, 13, out);
  *out += '\t';
  AppendProduct(seed, random.Below(kProducts), out);
  constexpr std::array kStars = {'5', '5', '5', '5', '5', '4', '4', '3', '2', '1'};
  *out += random.Pick(kStars);
  *out += '\t';
  const uint64_t helpful = random.Below(4) == 0 ? random.Below(40) : 0;
  AppendDigits(helpful, 1, out);
  *out += '\t';
  AppendDigits(helpful + random.Below(4), 1, out);
  *out += random.Below(50) == 0 ? "\tY\t" : "\tN\t";
  *out += random.Below(5) == 0 ? "N\t" : "Y\t";
  *out += random.Pick(kHeadlines);
  *out += '\t';
  AppendBody(&random, out);
  *out += '\t';
  AppendDigits(2005 + random.Below(11), 4, out);
  *out += '-';
  AppendDigits(1 + random.Below(12), 2, out);
  *out += '-';
  AppendDigits(1 + random.Below(28), 2, out);
}

}  // namespace sluice
