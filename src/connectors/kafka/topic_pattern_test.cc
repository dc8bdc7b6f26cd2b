// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/topic_pattern.h"

#include <gtest/gtest.h>

#include "base/spark_error.h"

namespace sluice {
namespace {

TEST(TopicPattern, IsJavas) {
  EXPECT_TRUE((*TopicPattern::Compile("rev.*|t[a-z&&[^b]]"))->Matches("ta"));
  EXPECT_FALSE((*TopicPattern::Compile("rev.*|t[a-z&&[^b]]"))->Matches("tb"));
  EXPECT_FALSE((*TopicPattern::Compile("rev"))->Matches("reviews"));
  for (const char* pattern : {"(?R)", "a\\Kb", "(*ACCEPT)", "("}) {
    EXPECT_TRUE(HasErrorClass(TopicPattern::Compile(pattern).status(), "SLUICE_INVALID_OPTION")) << pattern;
  }
}

}  // namespace
}  // namespace sluice
