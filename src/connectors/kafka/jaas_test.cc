// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/jaas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/logging.h"

namespace sluice {
namespace {

constexpr const char* kScram = "org.apache.kafka.common.security.scram.ScramLoginModule";

TEST(Jaas, ReadsTheWaysPeopleWriteIt) {
  const struct {
    const char* text;
    const char* user;
    const char* password;
  } rows[] = {
      {"org.apache.kafka.common.security.scram.ScramLoginModule required username=\"u\" password=\"p-1-secret\";", "u",
       "p-1-secret"},
      {"org.apache.kafka.common.security.scram.ScramLoginModule required\n  username='u'\n  password='p\"2\"secret';\n",
       "u", "p\"2\"secret"},
      {"org.apache.kafka.common.security.scram.ScramLoginModule REQUIRED username=u password=plain3secret;", "u",
       "plain3secret"},
      {R"(org.apache.kafka.common.security.scram.ScramLoginModule required username="a\"b" password="\\x\t\101\q";)",
       "a\"b", "\\x\tAq"},
      {"/* who */ org.apache.kafka.common.security.scram.ScramLoginModule required // how\n username = \"u\" password "
       "= \"a;b=c\" ;",
       "u", "a;b=c"},
      {"org.apache.kafka.common.security.scram.ScramLoginModule required username=\"\" password=\"12345\";", "",
       "12345"},
  };
  for (const auto& row : rows) {
    auto entry = ParseJaas(row.text);
    ASSERT_TRUE(entry.ok()) << row.text << entry.status();
    EXPECT_EQ(entry->module, kScram);
    EXPECT_EQ(entry->options["username"], row.user) << row.text;
    EXPECT_EQ(entry->options["password"], row.password) << row.text;
  }
}

TEST(Jaas, MalformedTextFailsWithoutShowingIt) {
  const char* rows[] = {
      "",
      ";",
      "Module",
      "Module username=\"canary-7f3a\";",
      "Module required username=\"u\" password=\"canary-7f3a\"",
      "Module required username=\"u\" password=\"canary-7f3a",
      "Module required password=\"canary-\n7f3a\";",
      "Module required password;",
      "Module required password=;",
      "Module required =\"canary-7f3a\";",
      "Module required a=b; Other required password=\"canary-7f3a\";",
      "Module required /* canary-7f3a",
  };
  for (const char* text : rows) {
    const auto entry = ParseJaas(text);
    ASSERT_FALSE(entry.ok()) << text;
    EXPECT_THAT(entry.status().ToString(), testing::Not(testing::HasSubstr("canary"))) << text;
    EXPECT_THAT(entry.status().ToString(), testing::HasSubstr("kafka.sasl.jaas.config"));
  }
}

TEST(Jaas, ValuesBecomeSecrets) {
  ASSERT_TRUE(ParseJaas("M required username=\"someone\" password=\"hush-hush-9\" clientSecret='other-hush-9';").ok());
  EXPECT_THAT(Redact("got hush-hush-9 and other-hush-9 of someone"),
              testing::AllOf(testing::Not(testing::HasSubstr("hush")), testing::HasSubstr("someone")));
}

}  // namespace
}  // namespace sluice
