// SPDX-License-Identifier: Apache-2.0
#include "channel/connection_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/redaction.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<ConnectionString> Parse(const std::string& url, const std::map<std::string, std::string>& variables = {}) {
  return ParseConnectionString(url, [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(ConnectionString, ReadsHostAndPort) {
  const std::map<std::string, std::string> addresses = {
      {"sc://localhost", "localhost:15002"},      {"sc://localhost/", "localhost:15002"},
      {"sc://LocalHost:1", "localhost:1"},        {"sc://10.0.0.7:65535/;", "10.0.0.7:65535"},
      {"sc://[::1]:15003/", "[::1]:15003"},       {"sc://[FE80::1]", "[fe80::1]:15002"},
      {"sc://host:/;use_ssl=true", "host:15002"},
  };
  for (const auto& [url, address] : addresses) {
    const auto connection = Parse(url);
    ASSERT_TRUE(connection.ok()) << url << ": " << connection.status();
    EXPECT_EQ(connection->address(), address) << url;
  }
}

TEST(ConnectionString, ReadsParameters) {
  const auto connection = Parse(
      "sc://h/;use_ssl=True;token=a%3Db%20c;user_id=ann;user_agent=mine;"
      "session_id=00112233-4455-6677-8899-AABBCCDDEEFF;X-Team=blue%20one");
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_TRUE(connection->use_ssl);
  EXPECT_EQ(connection->token, "a=b c");
  EXPECT_EQ(connection->user_id, "ann");
  EXPECT_EQ(connection->user_agent, "mine");
  EXPECT_EQ(connection->session_id, "00112233-4455-6677-8899-AABBCCDDEEFF");
  ASSERT_EQ(connection->headers.size(), 1u);
  EXPECT_EQ(connection->headers[0], (std::pair<std::string, std::string>("x-team", "blue one")));
  EXPECT_THAT(Redact("it was a=b c"), Not(HasSubstr("a=b c"))) << "the token is a secret from now on";
}

TEST(ConnectionString, TakesTokenAndUserFromTheEnvironment) {
  const std::map<std::string, std::string> variables = {
      {"SPARK_CONNECT_AUTHENTICATE_TOKEN", "from-env"}, {"SPARK_USER", "spark"}, {"USER", "login"}};
  EXPECT_EQ(Parse("sc://h", variables)->token, "from-env");
  EXPECT_EQ(Parse("sc://h", variables)->user_id, "spark");
  EXPECT_EQ(Parse("sc://h/;token=mine;user_id=ann", variables)->token, "mine");
  EXPECT_EQ(Parse("sc://h/;token=mine;user_id=ann", variables)->user_id, "ann");
  EXPECT_EQ(Parse("sc://h", {{"USER", "login"}})->user_id, "login");
}

// As PySpark decides: localhost alone is trusted, and only by this name.
TEST(ConnectionString, SendsNoTokenInPlainText) {
  EXPECT_FALSE(Parse("sc://h")->tls());
  EXPECT_TRUE(Parse("sc://h/;use_ssl=true")->tls());
  EXPECT_TRUE(Parse("sc://h/;token=t123")->tls());
  EXPECT_TRUE(Parse("sc://127.0.0.1/;token=t123")->tls());
  EXPECT_TRUE(Parse("sc://h/;token=t123;use_ssl=false")->tls());
  EXPECT_FALSE(Parse("sc://localhost/;token=t123")->tls());
  EXPECT_TRUE(Parse("sc://localhost/;token=t123;use_ssl=true")->tls());
}

TEST(ConnectionString, RefusesWhatIsNoConnectionString) {
  for (const char* url : {"",
                          "localhost",
                          "local[*]",
                          "http://h",
                          "SC://h",
                          "sc://",
                          "sc:///;use_ssl=true",
                          "sc://:1",
                          "sc://h:0",
                          "sc://h:65536",
                          "sc://h:1x",
                          "sc://h:-1",
                          "sc://h/path",
                          "sc://h/path;a=b",
                          "sc://h;token=s3cr3t",
                          "sc://h?token=s3cr3t",
                          "sc://ann:s3cr3t@h",
                          "sc://[::1",
                          "sc://[]",
                          "sc://h/;s3cr3t",
                          "sc://h/;=s3cr3t",
                          "sc://h/;token=s3cr3t=",
                          "sc://h/;;",
                          "sc://h/;token=s3cr3t%0A",
                          "sc://h/;x y=s3cr3t",
                          "sc://h/;x-a=s3cr3t%0D%0Ax-b: 1"}) {
    const auto connection = Parse(url);
    ASSERT_FALSE(connection.ok()) << url;
    EXPECT_TRUE(HasErrorClass(connection.status(), "INVALID_CONNECT_URL")) << connection.status();
    EXPECT_THAT(FindSparkError(connection.status())->ToString(), Not(HasSubstr("s3cr3t")));
  }
  EXPECT_TRUE(HasErrorClass(Parse("sc://h/;session_id=42").status(), "INVALID_SESSION_UUID_ID"));
  EXPECT_FALSE(Parse("sc://h/;user_agent=" + std::string(2049, 'a')).ok());
}

}  // namespace
}  // namespace sluice
