// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/path_pattern.h"

#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "env/file_system.h"

namespace sluice {
namespace {

TEST(PathPattern, StandsForNamesAsHadoopsDoes) {
  const struct {
    const char* pattern;
    const char* name;
    bool fits;
  } kCases[] = {
      {"*.csv", "a.csv", true},
      {"*.csv", ".csv", true},
      {"*.csv", "a.csv.gz", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"a?c",
       "a\xC3\xA9"
       "c",
       true},
      {"[a-c]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[^a-c]x", "dx", true},
      {"[^a-c]x", "ax", false},
      {"[]a]x", "]x", true},
      {"{ab,c}d", "abd", true},
      {"{ab,c}d", "cd", true},
      {"{ab,c}d", "bd", false},
      {"{a{1,2},b}*", "a2z", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"*a*b*", "xxaxxbxx", true},
      {"*a*b*", "xxbxxaxx", false},
      {"a*", "b", false},
      {"**", "", true},
  };
  for (const auto& one : kCases) {
    ASSERT_TRUE(CheckPattern(one.pattern).ok()) << one.pattern;
    EXPECT_EQ(FitsPattern(one.name, one.pattern), one.fits) << one.pattern << " " << one.name;
  }
  for (const char* bad : {"{a", "[a", "a{b,c"}) {
    EXPECT_TRUE(HasErrorClass(CheckPattern(bad), "SLUICE_PATH_PATTERN")) << bad;
  }
}

TEST(PathPattern, FindsFilesAndFoldersThatAreNotHidden) {
  const auto fs = MakeMemoryFileSystem();
  for (const char* path : {"/t/2024/a.csv", "/t/2024/b.json", "/t/2025/a.csv", "/t/_x/a.csv", "/t/2024/.a.csv",
                           "/t/other/a.csv", "/t/k=1/a.csv"}) {
    ASSERT_TRUE(fs->CreateAtomic(path, "1").ok());
  }
  const auto found = [&](const std::string& pattern) { return ExpandPattern({fs, pattern}, pattern).ValueOrDie(); };
  using Paths = std::vector<std::string>;
  EXPECT_EQ(found("/t/20*/*.csv"), (Paths{"/t/2024/a.csv", "/t/2025/a.csv"}));
  EXPECT_EQ(found("/t/{2024,other}/a.csv"), (Paths{"/t/2024/a.csv", "/t/other/a.csv"}));
  EXPECT_EQ(found("/t/{2024/b,2025/a}.*"), (Paths{"/t/2024/b.json", "/t/2025/a.csv"}));
  EXPECT_EQ(found("/t/*/a.csv"), (Paths{"/t/2024/a.csv", "/t/2025/a.csv", "/t/k=1/a.csv", "/t/other/a.csv"}));
  EXPECT_EQ(found("/*/20[2][4]"), (Paths{"/t/2024"}));
  EXPECT_EQ(found("/t/nothing*"), Paths());
}

}  // namespace
}  // namespace sluice
