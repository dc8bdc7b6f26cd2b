// SPDX-License-Identifier: Apache-2.0
#include "base/closest_name.h"

#include <gtest/gtest.h>

#include "base/terminal_line.h"

namespace sluice {
namespace {

TEST(ClosestName, FindsWhatWasMeant) {
  EXPECT_EQ(ClosestName("rnu", {"run", "sql", "ddl"}), "run");
  EXPECT_EQ(ClosestName("SELEC", {"SET", "SELECT", "WITH"}), "SELECT");
  EXPECT_EQ(ClosestName("cuont", {"concat", "count", "cot"}), "count");
  EXPECT_EQ(ClosestName("spark.sluice.memroy", {"spark.sluice.metrics.port", "spark.sluice.memory"}),
            "spark.sluice.memory");
  EXPECT_EQ(ClosestName("startingOffset", {"endingOffsets", "startingOffsets"}), "startingOffsets");
}

TEST(ClosestName, DoesNotGuessWildly) {
  EXPECT_EQ(ClosestName("x", {"run", "sql"}), "");
  EXPECT_EQ(ClosestName("foo", {"run", "sql"}), "");
  EXPECT_EQ(ClosestName("", {"run"}), "");
  EXPECT_EQ(ClosestName(std::string(1000, 'a'), {std::string(1000, 'a')}), "");
  EXPECT_EQ(DidYouMean("rnu", {"run"}), " Did you mean run?");
  EXPECT_EQ(DidYouMean("foo", {"run"}), "");
}

TEST(TerminalLine, IsCutToCharactersNotBytes) {
  EXPECT_EQ(FitToColumns("abc", 3), "abc");
  EXPECT_EQ(FitToColumns("abcd", 3), "abc");
  EXPECT_EQ(FitToColumns("\xC3\xA4\xC3\xB6\xC3\xBC", 2), "\xC3\xA4\xC3\xB6");
  EXPECT_EQ(FitToColumns("abc", 0), "");
}

}  // namespace
}  // namespace sluice
