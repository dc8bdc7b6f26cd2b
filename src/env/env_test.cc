// SPDX-License-Identifier: Apache-2.0
#include "env/env.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/dotenv_file.h"

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
  // As Hadoop reads paths: no folder named "dbfs:" in the working directory.
  for (const char* uri : {"dbfs:/checkpoint", "hdfs:/x", "C:/data", "abfss:x"}) {
    EXPECT_TRUE(HasErrorClass(env->Locate(uri, conf).status(), "UNSUPPORTED_FEATURE.SLUICE")) << uri;
  }
  EXPECT_FALSE(env->Locate("s3a:/bucket/key", conf).ok());
  EXPECT_EQ(env->Locate("/a/b:c", conf).ValueOrDie().path, "/a/b:c");
  EXPECT_FALSE(env->Locate("", conf).ok());
  EXPECT_FALSE(env->Locate("s3a:///key", conf).ok());
}

class DotenvFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("sluice-dotenv-" + std::to_string(::getpid()));
  }
  void TearDown() override { std::filesystem::remove(path_); }
  // As editors do: a new file takes the place of the old one.
  void Save(const std::string& text) {
    const std::filesystem::path fresh = path_.string() + ".new";
    std::ofstream(fresh) << text;
    std::filesystem::rename(fresh, path_);
  }
  std::filesystem::path path_;
};

TEST_F(DotenvFileTest, TheRealEnvironmentWins) {
  Save("SLUICE_ENV_TEST=file\nSLUICE_ENV_TEST_2=file\n");
  ::setenv("SLUICE_ENV_TEST", "real", 1);
  const auto env = MakeRealEnv(DotenvFile::Open(path_).ValueOrDie());
  EXPECT_EQ(env->Variable("SLUICE_ENV_TEST"), "real");
  EXPECT_EQ(env->Variable("SLUICE_ENV_TEST_2"), "file");
  EXPECT_FALSE(env->Variable("SLUICE_ENV_TEST_3"));
}

TEST_F(DotenvFileTest, ChangesAreSeen) {
  Save("SLUICE_ENV_A=1\nSLUICE_ENV_B=1\n");
  ::setenv("SLUICE_ENV_B", "1", 1);  // exported from the file: it follows the file
  const auto env = MakeRealEnv(DotenvFile::Open(path_).ValueOrDie());
  EXPECT_EQ(env->Variable("SLUICE_ENV_A"), "1");
  Save("SLUICE_ENV_A=2\nSLUICE_ENV_B=2\nSLUICE_ENV_SECRET=canary-of-the-file\n");
  EXPECT_EQ(env->Variable("SLUICE_ENV_A"), "2");
  EXPECT_EQ(env->Variable("SLUICE_ENV_B"), "2");
  EXPECT_EQ(Redact("canary-of-the-file"), "***");
  // Half an edit, or none: what was there before stands.
  Save("SLUICE_ENV_A=3\nSLUICE_ENV_B=\"3\n");
  EXPECT_EQ(env->Variable("SLUICE_ENV_A"), "2");
  std::filesystem::remove(path_);
  EXPECT_EQ(env->Variable("SLUICE_ENV_A"), "2");
  Save("SLUICE_ENV_A=4\n");
  EXPECT_EQ(env->Variable("SLUICE_ENV_A"), "4");
  EXPECT_EQ(env->Variable("SLUICE_ENV_B"), "1") << "the environment still has it";
  EXPECT_FALSE(DotenvFile::Open(path_.string() + "-not-there").ok());
}

TEST(Env, UuidsAreVersion4AndDiffer) {
  const auto env = MakeRealEnv();
  const std::string uuid = env->NewUuid();
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(uuid, env->NewUuid());
}

TEST(RealClock, WaitsAsLongAsAskedOrUntilItIsStopped) {
  const int64_t start = SystemClock().MonotonicNanos();
  EXPECT_TRUE(SystemClock().WaitFor(20, [] { return false; }));
  EXPECT_GE(SystemClock().MonotonicNanos() - start, 20'000'000);
  EXPECT_TRUE(SystemClock().WaitFor(-5, [] { return false; }));
  EXPECT_FALSE(SystemClock().WaitFor(1'000'000, [] { return true; }));
}

TEST(ManualClock, WaitersMoveOnlyWithTheClockOrTheirStop) {
  ManualClock clock(1000);
  std::atomic<bool> stop{false};
  bool first = false;
  std::thread waiting([&] { first = clock.WaitFor(1000, [&] { return stop.load(); }); });
  while (clock.waiters() == 0) std::this_thread::yield();
  clock.Advance(1000);
  waiting.join();
  EXPECT_TRUE(first);
  bool second = true;
  std::thread stopped([&] { second = clock.WaitFor(7000, [&] { return stop.load(); }); });
  while (clock.waiters() == 0) std::this_thread::yield();
  stop = true;
  clock.Wake();
  stopped.join();
  EXPECT_FALSE(second);
}

}  // namespace
}  // namespace sluice
