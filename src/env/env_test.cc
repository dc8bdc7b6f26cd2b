// SPDX-License-Identifier: Apache-2.0
#include "env/env.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/redaction.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/dotenv_file.h"
#include "env/plain_network.h"
#include "env/s3/s3_file_system.h"

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

TEST(Dotenv, AByteOrderMarkIsNoPartOfTheFirstName) {
  EXPECT_EQ(ParseDotenv("\xEF\xBB\xBF"
                        "A=1\n",
                        ".env")
                .ValueOrDie()
                .at("A"),
            "1");
  EXPECT_FALSE(ParseDotenv("A=1\n\xEF\xBB\xBF"
                           "B=1\n",
                           ".env")
                   .ok())
      << "only at the beginning";
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

// A file in the current folder that nobody named, in a folder of its own.
class FoundDotenvTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-found-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/.env";
    for (const char* name : kNames) ::unsetenv(name);
  }
  void TearDown() override {
    for (const char* name : kNames) ::unsetenv(name);
    std::filesystem::remove_all(folder_);
  }
  void Save(const std::string& text, mode_t mode = 0600) {
    std::filesystem::remove(path_);
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), mode);
  }
  std::shared_ptr<DotenvFile> Found() { return DotenvFile::OpenFound(path_).ValueOrDie(); }
  S3Config ConfigOf(Conf conf = {}) {
    const auto env = MakeRealEnv(Found());
    return S3ConfigFromConf(conf, "b", [env](const std::string& name) { return env->Variable(name); }).ValueOrDie();
  }

  static constexpr const char* kNames[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                           "AWS_ENDPOINT_URL",  "AWS_PROFILE",           "AWS_REGION"};
  static constexpr char kKeys[] = "AWS_ACCESS_KEY_ID=FILEKEY\nAWS_SECRET_ACCESS_KEY=file-secret\n";
  static constexpr char kRedirects[] = "AWS_ENDPOINT_URL=http://evil.example\nAWS_PROFILE=evil\nAWS_REGION=r1\n";
  std::string folder_;
  std::string path_;
};

TEST_F(FoundDotenvTest, IsReadOnlyWhereNobodyElseDecidesWhatItSays) {
  EXPECT_EQ(Found(), nullptr) << "there is none";
  for (const mode_t mode : {0600, 0640, 0644}) {
    Save("A=1\n", mode);
    ASSERT_NE(Found(), nullptr) << mode;
    EXPECT_EQ(Found()->Find("A"), "1");
  }
  for (const mode_t mode : {0620, 0602, 0666}) {
    Save("A=1\n", mode);
    EXPECT_EQ(Found(), nullptr) << mode;
    EXPECT_TRUE(DotenvFile::Open(path_).ok()) << "a file that is named is the user's choice";
  }
  Save("A=1\n");
  for (const mode_t mode : {0720, 0777}) {
    ::chmod(folder_.c_str(), mode);
    EXPECT_EQ(Found(), nullptr) << mode;
  }
  ::chmod(folder_.c_str(), 01777);
  EXPECT_NE(Found(), nullptr) << "in a sticky folder others cannot replace it";
  if (::geteuid() != 0) return;
  ASSERT_EQ(::chown(path_.c_str(), 12345, 12345), 0);
  EXPECT_EQ(Found(), nullptr) << "another user's file, as anybody can put one into /tmp";
  // Another user's link to a file of ours, and to one that is not there.
  std::filesystem::rename(path_, folder_ + "/ours");
  ASSERT_EQ(::chown((folder_ + "/ours").c_str(), 0, 0), 0);
  std::filesystem::create_symlink(folder_ + "/ours", path_);
  EXPECT_NE(Found(), nullptr);
  ASSERT_EQ(::lchown(path_.c_str(), 12345, 12345), 0);
  EXPECT_EQ(Found(), nullptr);
}

TEST_F(FoundDotenvTest, StaysUnchangedWhenOthersTakeItOver) {
  Save("A=1\n");
  const auto file = Found();
  Save("A=2\n");
  EXPECT_EQ(file->Find("A"), "2");
  Save("A=3\n", 0666);
  EXPECT_EQ(file->Find("A"), "2");
}

TEST_F(FoundDotenvTest, OtherThingsThanPlainFilesAreErrors) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(HasErrorClass(DotenvFile::OpenFound(path_).status(), "SLUICE_ENV_FILE"));
  EXPECT_TRUE(HasErrorClass(DotenvFile::Open(path_).status(), "SLUICE_ENV_FILE"));
  Save(std::string((1 << 20) + 1, '#'));
  EXPECT_TRUE(HasErrorClass(DotenvFile::Open(path_).status(), "SLUICE_ENV_FILE"));
}

TEST_F(FoundDotenvTest, RedirectsOnlyRequestsWithItsOwnKeys) {
  Save(std::string(kKeys) + kRedirects);
  EXPECT_EQ(ConfigOf().endpoint, "http://evil.example") << "its keys, its endpoint";
  EXPECT_EQ(Found()->Find("AWS_PROFILE"), "evil");

  Save(kRedirects);
  EXPECT_EQ(ConfigOf().endpoint, "");
  EXPECT_EQ(Found()->Find("AWS_PROFILE"), std::nullopt);
  EXPECT_EQ(Found()->Find("AWS_REGION"), "r1");
  EXPECT_EQ(DotenvFile::Open(path_).ValueOrDie()->Find("AWS_PROFILE"), "evil") << "named by the user";

  Save(std::string(kKeys) + kRedirects);
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) {
    ::setenv(name, "of-the-environment", 1);
    EXPECT_EQ(ConfigOf().endpoint, "") << name;
    ::unsetenv(name);
  }
  // A program that put the file into its environment.
  const auto file = Found();
  for (const auto& [name, value] : file->first_values()) ::setenv(name.c_str(), value.c_str(), 1);
  EXPECT_EQ(ConfigOf().endpoint, "http://evil.example");
}

TEST_F(FoundDotenvTest, KeysOfTheSettingsStayWithTheirEndpoint) {
  Save(std::string(kKeys) + kRedirects);
  const auto env = MakeRealEnv(Found());
  const auto endpoint_seen = [&](const std::map<std::string, std::string>& settings) {
    Conf conf;
    for (const auto& [key, value] : settings) EXPECT_TRUE(conf.Set(key, value).ok());
    const std::string message = S3EndpointOf(*env->Locate("s3a://b/k", conf).ValueOrDie().fs);
    return message;
  };
  EXPECT_EQ(endpoint_seen({}), "http://evil.example");
  EXPECT_EQ(endpoint_seen({{"fs.s3a.access.key", "K"}, {"fs.s3a.secret.key", "secret"}}), "");
  EXPECT_EQ(endpoint_seen({{"fs.s3a.aws.credentials.provider", "ProfileCredentialsProvider"}}), "");
  EXPECT_EQ(endpoint_seen({{"fs.s3a.access.key", "FILEKEY"}, {"fs.s3a.secret.key", "file-secret"}}),
            "http://evil.example")
      << "copied from the file";
}

TEST(PlainNetwork, LoopbackIsThisMachine) {
  for (const char* host : {"localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host :
       {"", "minio", "10.0.0.1", "127.0.0.1.example.org", "localhost.example.org", "::2", "0.0.0.0"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

TEST(RedirectingNames, WhatSaysWhereRequestsGo) {
  for (const char* name : {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_CONFIG_FILE", "https_proxy", "LD_PRELOAD",
                           "AWS_CONTAINER_CREDENTIALS_FULL_URI", "SSL_CERT_FILE"}) {
    EXPECT_TRUE(IsRedirectingName(name)) << name;
  }
  for (const char* name : {"AWS_REGION", "AWS_ACCESS_KEY_ID", "HWE_BOOTSTRAP", "CLASS"}) {
    EXPECT_FALSE(IsRedirectingName(name)) << name;
  }
}

TEST(Env, UuidsAreVersion4AndDiffer) {
  const auto env = MakeRealEnv();
  const std::string uuid = env->NewUuid();
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
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
