// SPDX-License-Identifier: Apache-2.0
#include "conf/properties_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/spark_error.h"

namespace sluice {
namespace {

std::string TextOf(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// What Spark 4.2.0 reads from the same file (tools/record_properties.py); a key without a value is refused here.
TEST(Properties, AreReadAsSparkReadsThem) {
  const std::string folder = SLUICE_SOURCE_DIR "/tests/golden/conf/";
  std::map<std::string, std::string> found;
  for (const Property& property : ParseProperties(TextOf(folder + "defaults.properties"), "f").ValueOrDie()) {
    found[property.key] = property.value;
  }
  EXPECT_EQ(found, nlohmann::json::parse(TextOf(folder + "defaults.json")).get<decltype(found)>());
}

TEST(Properties, KnowTheirLines) {
  const auto found = ParseProperties("# 1\n\na = 1 \\\n  2\r\nb 3", "f").ValueOrDie();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].line, 3);
  EXPECT_EQ(found[1].line, 5);
}

TEST(Properties, ErrorsNameTheLineAndNotItsText) {
  for (const std::string text :
       {"a=1\ncanary-alone\n", "a=1\ncanary\\u12\n", "a=1\ncanary=\\ud800x\n", "a=1\n= canary\n", "a=1\ncanary\\\n"}) {
    const Status status = ParseProperties(text, "my.conf").status();
    EXPECT_TRUE(HasErrorClass(status, "SLUICE_USAGE")) << text;
    EXPECT_NE(status.message().find("my.conf:2: "), std::string::npos) << status.message();
    EXPECT_EQ(status.message().find("canary"), std::string::npos) << status.message();
  }
}

}  // namespace
}  // namespace sluice
