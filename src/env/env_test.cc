// SPDX-License-Identifier: Apache-2.0
#include "env/env.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/percent_encoding.h"

namespace sluice {
namespace {

TEST(Dotenv, ReadsTheUsualForms) {
  const auto values =
      ParseDotenv(
          "# comment\n\nA=1\nexport B = two words # note\nC=\"x \\\"y\\\" \\$z\\n\"\nD='single # \\n'\nE=\n"
          "F=a#b\r\n",
          ".env")
          .ValueOrDie();
  EXPECT_EQ(values.at("A"), "1");
  EXPECT_EQ(values.at("B"), "two words");
  EXPECT_EQ(values.at("C"), "x \"y\" $z\n");
  EXPECT_EQ(values.at("D"), "single # \\n");
  EXPECT_EQ(values.at("E"), "");
  EXPECT_EQ(values.at("F"), "a#b");
}

TEST(Dotenv, ErrorsNameTheLineAndNotItsText) {
  for (const char* text : {"A=1\nnonsense canary\n", "A=1\nB=\"canary\n", "A=1\n1X=canary\n", "A=1\nB='x' canary\n"}) {
    const Status status = ParseDotenv(text, "my.env").status();
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_NE(status.message().find("my.env:2"), std::string::npos) << status.message();
    EXPECT_EQ(status.message().find("canary"), std::string::npos) << "it may be a secret";
  }
}

TEST(Env, LocalPathsInEveryForm) {
  const auto env = MakeRealEnv();
  const Conf conf;
  EXPECT_EQ(env->Locate("/a/b/", conf).ValueOrDie().path, "/a/b");
  EXPECT_EQ(env->Locate("file:///a/b%20c", conf).ValueOrDie().path, "/a/b c");
  EXPECT_EQ(env->Locate("file:/a/../c", conf).ValueOrDie().path, "/c");
  EXPECT_TRUE(env->Locate("rel/x", conf).ValueOrDie().path.ends_with("/rel/x"));
  EXPECT_TRUE(HasErrorClass(env->Locate("hdfs://x/y", conf).status(), "UNSUPPORTED_FEATURE.SLUICE"));
  EXPECT_FALSE(env->Locate("", conf).ok());
  EXPECT_FALSE(env->Locate("s3a:///key", conf).ok());
}

TEST(Env, TheRealEnvironmentWinsOverDotenv) {
  ::setenv("SLUICE_ENV_TEST", "real", 1);
  const auto env = MakeRealEnv({{"SLUICE_ENV_TEST", "file"}, {"SLUICE_ENV_TEST_2", "file"}});
  EXPECT_EQ(env->Variable("SLUICE_ENV_TEST"), "real");
  EXPECT_EQ(env->Variable("SLUICE_ENV_TEST_2"), "file");
  EXPECT_FALSE(env->Variable("SLUICE_ENV_TEST_3"));
}

TEST(Env, UuidsAreVersion4AndDiffer) {
  const auto env = MakeRealEnv();
  const std::string uuid = env->NewUuid();
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(uuid, env->NewUuid());
}

TEST(PercentEncoding, RoundTrip) {
  const std::string path = "/a b/%/ü/=+?#\"";
  EXPECT_EQ(PercentDecode(PercentEncodePath(path)), path);
  EXPECT_EQ(PercentDecode("100%"), "100%");
}

TEST(ManualClock, WaitersMoveOnlyWithTheClockOrTheirStop) {
  ManualClock clock(1000);
  std::atomic<bool> stop{false};
  bool first = false;
  std::thread waiting([&] { first = clock.WaitUntil(2000, [&] { return stop.load(); }); });
  while (clock.waiters() == 0) std::this_thread::yield();
  clock.Advance(1000);
  waiting.join();
  EXPECT_TRUE(first);
  bool second = true;
  std::thread stopped([&] { second = clock.WaitUntil(9000, [&] { return stop.load(); }); });
  while (clock.waiters() == 0) std::this_thread::yield();
  stop = true;
  clock.Wake();
  stopped.join();
  EXPECT_FALSE(second);
}

}  // namespace
}  // namespace sluice
