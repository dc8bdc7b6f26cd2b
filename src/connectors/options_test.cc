// SPDX-License-Identifier: Apache-2.0
#include "connectors/options.h"

#include <gtest/gtest.h>

#include "base/spark_error.h"

namespace sluice {
namespace {

using Map = std::map<std::string, std::string>;

TEST(Options, NamesAreFoundWithoutRegardToCaseAndTheLastWins) {
  Options options;
  options.Set("MaxOffsetsPerTrigger", "10");
  options.Set("maxoffsetspertrigger", "20");
  EXPECT_EQ(options.Get("maxOffsetsPerTrigger", ""), "20");
  EXPECT_EQ(options.entries().size(), 1u);
  EXPECT_FALSE(options.Find("other").has_value());
}

TEST(Options, NumbersAndBooleansAreChecked) {
  Options options(
      {{"n", " 42 "}, {"bad", "4x"}, {"empty", ""}, {"big", "9223372036854775808"}, {"t", "TRUE"}, {"y", "yes"}});
  EXPECT_EQ(*options.GetInt("n", 0), 42);
  EXPECT_EQ(*options.GetInt("missing", 7), 7);
  for (const char* name : {"bad", "empty", "big"}) EXPECT_FALSE(options.GetInt(name, 0).ok()) << name;
  EXPECT_TRUE(*options.GetBool("t", false));
  EXPECT_FALSE(options.GetBool("y", false).ok());
}

TEST(Options, RefusedRowsFailByNameAndUnknownOnesPass) {
  const std::vector<OptionRow> table = {{"path", "", OptionUse::kHonoured, "where"},
                                        {"mergeSchema", "false", OptionUse::kRefused, "give the schema instead"}};
  EXPECT_TRUE(
      CheckOptions(Options(Map{{"PATH", "x"}, {"truncate", "false"}, {"kafka.a", "b"}}), table, {"kafka."}, "test")
          .ok());
  const Status refused = CheckOptions(Options(Map{{"mergeschema", "true"}}), table, {}, "test");
  EXPECT_TRUE(HasErrorClass(refused, "UNSUPPORTED_FEATURE.SLUICE"));
  EXPECT_NE(refused.message().find("mergeschema"), std::string::npos);
  EXPECT_NE(refused.message().find("give the schema instead"), std::string::npos);
}

}  // namespace
}  // namespace sluice
