// SPDX-License-Identifier: Apache-2.0
#include "base/json_bounds.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

bool DeeperThan(std::string_view json, int depth) {
  return !BeyondJsonBounds(json, {.depth = depth}).empty();
}

bool WiderThan(std::string_view json, int keys) {
  return !BeyondJsonBounds(json, {.object_keys = keys}).empty();
}

TEST(JsonBounds, DepthCountsOpenBracketsOfBothKinds) {
  EXPECT_FALSE(DeeperThan("", 0));
  EXPECT_FALSE(DeeperThan("17", 0));
  EXPECT_FALSE(DeeperThan(R"([{"a":[1]}])", 3));
  EXPECT_TRUE(DeeperThan(R"([{"a":[1]}])", 2));
  EXPECT_FALSE(DeeperThan("[[],[],[],{}]", 2)) << "beside each other is not inside each other";
  EXPECT_TRUE(DeeperThan(std::string(1000, '['), 999));
  EXPECT_FALSE(DeeperThan(std::string(1000, '['), 1000));
}

TEST(JsonBounds, KeysAreCountedForEachObject) {
  EXPECT_FALSE(WiderThan(R"({"a":1,"b":{"a":1,"b":2},"c":[{"a":1},{"b":2},{"c":3}]})", 3));
  EXPECT_TRUE(WiderThan(R"({"a":1,"b":{"a":1,"b":2},"c":3,"d":4})", 3)) << "an inner object ends its own count only";
  EXPECT_TRUE(WiderThan(R"([{"x":{"a":1,"b":2}}])", 1));
  EXPECT_FALSE(WiderThan(":::", 1)) << "no object is open";
  EXPECT_EQ(BeyondJsonBounds(R"({"a":1,"b":2})", {.object_keys = 1}), "an object has too many keys");
}

TEST(JsonBounds, SignsInStringsAreText) {
  EXPECT_FALSE(DeeperThan(R"(["[[[[{{{{"])", 1));
  EXPECT_FALSE(DeeperThan(R"(["a\"[[[["])", 1)) << "an escaped quote ends no string";
  EXPECT_TRUE(DeeperThan(R"(["a\\",[]])", 1)) << "an escaped backslash escapes nothing";
  EXPECT_FALSE(WiderThan(R"({"a:b:c":"d:e"})", 1));
}

}  // namespace
}  // namespace sluice
