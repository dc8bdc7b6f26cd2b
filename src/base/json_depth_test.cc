// SPDX-License-Identifier: Apache-2.0
#include "base/json_depth.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(JsonDepth, CountsOpenBracketsOfBothKinds) {
  EXPECT_FALSE(JsonNestsDeeperThan("", 0));
  EXPECT_FALSE(JsonNestsDeeperThan("17", 0));
  EXPECT_FALSE(JsonNestsDeeperThan(R"([{"a":[1]}])", 3));
  EXPECT_TRUE(JsonNestsDeeperThan(R"([{"a":[1]}])", 2));
  EXPECT_FALSE(JsonNestsDeeperThan("[[],[],[],{}]", 2)) << "beside each other is not inside each other";
  EXPECT_TRUE(JsonNestsDeeperThan(std::string(1000, '['), 999));
  EXPECT_FALSE(JsonNestsDeeperThan(std::string(1000, '['), 1000));
}

TEST(JsonDepth, BracketsInStringsAreText) {
  EXPECT_FALSE(JsonNestsDeeperThan(R"(["[[[[{{{{"])", 1));
  EXPECT_FALSE(JsonNestsDeeperThan(R"(["a\"[[[["])", 1)) << "an escaped quote ends no string";
  EXPECT_TRUE(JsonNestsDeeperThan(R"(["a\\",[]])", 1)) << "an escaped backslash escapes nothing";
}

}  // namespace
}  // namespace sluice
