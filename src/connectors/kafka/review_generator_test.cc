// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/review_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sluice {
namespace {

std::string Line(uint64_t seed, uint64_t index) {
  std::string line;
  AppendReviewLine(seed, index, &line);
  return line;
}

TEST(ReviewGenerator, IsAPureFunctionOfSeedAndIndex) {
  EXPECT_EQ(Line(7, 123), Line(7, 123));
  EXPECT_NE(Line(7, 123), Line(7, 124));
  EXPECT_NE(Line(7, 123), Line(8, 123));
  std::string two;
  AppendReviewLine(7, 1, &two);
  AppendReviewLine(7, 2, &two);
  EXPECT_EQ(two, Line(7, 1) + Line(7, 2));
}

TEST(ReviewGenerator, HasFifteenColumnsOfTheUsualSize) {
  size_t bytes = 0;
  std::set<std::string> ids;
  constexpr int kLines = 5000;
  for (int i = 0; i < kLines; ++i) {
    const std::string line = Line(42, i);
    bytes += line.size();
    EXPECT_EQ(std::count(line.begin(), line.end(), '\t'), 14) << line;
    EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
    ids.insert(line.substr(0, line.find('\t', 14)));
  }
  EXPECT_GT(bytes / kLines, 400u);
  EXPECT_LT(bytes / kLines, 500u);
  EXPECT_EQ(std::size(kReviewColumns), 15u);
}

}  // namespace
}  // namespace sluice
