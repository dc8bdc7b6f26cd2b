// SPDX-License-Identifier: Apache-2.0
#include "service/name_pattern.h"

#include <gtest/gtest.h>

namespace sluice::service {
namespace {

TEST(NamePattern, StarsAndAlternatives) {
  EXPECT_TRUE(FitsName("orders", std::nullopt));
  for (const char* pattern : {"orders", "ORDERS", "*", "o*", "*s", "o*d*s", "x|o*", "*rd*", "orders*"}) {
    EXPECT_TRUE(FitsName("orders", std::string(pattern))) << pattern;
  }
  for (const char* pattern : {"", "order", "rders", "x*", "*x", "o*x*s", "x|y", ".*", "o.ders"}) {
    EXPECT_FALSE(FitsName("orders", std::string(pattern))) << pattern;
  }
}

TEST(NamePattern, ManyStarsTakeNoLongTime) {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "*a";
  EXPECT_FALSE(FitsName(std::string(4000, 'a') + "b", pattern));
}

}  // namespace
}  // namespace sluice::service
