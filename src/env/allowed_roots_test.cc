// SPDX-License-Identifier: Apache-2.0
// What a session may use of the disk: below the folders that are named, links followed, by every call of a file system.
#include "env/allowed_roots.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/spark_error.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

class AllowedRootsTest : public ::testing::Test {
 protected:
  AllowedRootsTest() {
    fs::remove_all(base_);
    for (const char* folder : {"in/sub", "in-not", "out"}) fs::create_directories(base_ + "/" + folder);
    for (const char* file : {"in/file", "in-not/file", "out/file"}) std::ofstream(base_ + "/" + file) << "text";
    fs::create_directory_symlink(base_ + "/out", base_ + "/in/link-out");
    fs::create_symlink(base_ + "/out/file", base_ + "/in/file-out");
    fs::create_symlink(base_ + "/out/new", base_ + "/in/nothing");
    fs::create_directory_symlink(base_ + "/in/sub", base_ + "/in/link-in");
    fs::create_directory_symlink(base_ + "/in", base_ + "/other-name");
  }
  ~AllowedRootsTest() override { fs::remove_all(base_); }

  std::string Path(const std::string& name) const { return base_ + "/" + name; }
  std::shared_ptr<Env> Held(const Conf& own = {}) {
    return HoldTo(MakeRealEnv(), AllowedRoots::Of({Path("in")}).ValueOrDie(), own);
  }
  static bool IsRefused(const Status& status) { return HasErrorClass(status, "SLUICE_PATH_NOT_ALLOWED"); }

  const std::string base_ = ::testing::TempDir() + "allowed_roots";
};

TEST_F(AllowedRootsTest, PathsLeadBelowARootOrAreRefused) {
  const AllowedRoots roots = AllowedRoots::Of({Path("in")}).ValueOrDie();
  for (const char* name : {"in", "in/file", "in/sub/new/deep", "in/new", "in/link-in/new", "other-name/file"}) {
    EXPECT_TRUE(roots.Check(Path(name)).ok()) << name;
  }
  for (const char* name : {"out/file", "out", "in-not/file", "in-not", "", "in/link-out", "in/link-out/file",
                           "in/link-out/new", "in/file-out", "in/nothing", "in/nothing/deep", "in/file/below"}) {
    EXPECT_TRUE(IsRefused(roots.Check(Path(name)))) << name;
  }
  EXPECT_TRUE(IsRefused(roots.Check("/etc/passwd")));
  EXPECT_TRUE(IsRefused(roots.Check("/")));
  // What is there and what is not is answered alike.
  const auto answer = [&](const std::string& name) {
    std::string text = roots.Check(Path(name)).message();
    return text.replace(text.find(Path(name)), Path(name).size(), "a path");
  };
  EXPECT_EQ(answer("out/file"), answer("out/none"));
}

TEST_F(AllowedRootsTest, WithoutRootsNothingIsAllowedAndOfTheWholeDiskAll) {
  const AllowedRoots none = AllowedRoots::Of({}).ValueOrDie();
  EXPECT_TRUE(IsRefused(none.Check(Path("in/file"))));
  EXPECT_TRUE(IsRefused(none.Check("/")));
  EXPECT_TRUE(AllowedRoots::Of({"/"}).ValueOrDie().Check(Path("out/file")).ok());
  EXPECT_FALSE(AllowedRoots::Of({Path("not there")}).ok());
  EXPECT_FALSE(AllowedRoots::Of({Path("in/file")}).ok());
}

TEST_F(AllowedRootsTest, EveryCallOfTheFileSystemIsHeld) {
  const auto env = Held();
  for (const bool is_private : {false, true}) {
    std::shared_ptr<FileSystem> files = env->Locate("file://" + Path("in"), {}).ValueOrDie().fs;
    if (is_private) files = files->WithPrivateModes();
    EXPECT_EQ(files->ReadFile(Path("in/file")).ValueOrDie(), "text");
    for (const char* name : {"out/file", "in/file-out", "in/link-out/file"}) {
      const std::string path = Path(name);
      EXPECT_TRUE(IsRefused(files->ReadFile(path).status())) << name;
      EXPECT_TRUE(IsRefused(files->OpenForRead(path).status())) << name;
      EXPECT_TRUE(IsRefused(files->Stat(path).status())) << name;
      EXPECT_TRUE(IsRefused(files->List(path, true).status())) << name;
      EXPECT_TRUE(IsRefused(files->CreateAtomic(path + "2", "x").status()) || std::string(name) == "in/file-out");
      EXPECT_TRUE(IsRefused(files->OpenForWrite(path).status())) << name;
      EXPECT_TRUE(IsRefused(files->MakeDurable(path))) << name;
    }
    EXPECT_TRUE(IsRefused(files->Delete(Path("out"), {Path("out/file")})));
    EXPECT_FALSE(files->Delete(Path("in"), {Path("in/link-out/file")}).ok());
    EXPECT_TRUE(IsRefused(files->OpenForWrite(Path("in/copy")).ValueOrDie()->CopyFrom(Path("out/file"), 0, 1)));
    EXPECT_TRUE(fs::exists(Path("out/file")));
  }
}

TEST_F(AllowedRootsTest, LocalPathsAreHeldHoweverTheyAreWritten) {
  const auto env = Held();
  EXPECT_TRUE(env->Locate(Path("in/table"), {}).ok());
  for (const std::string& uri : {Path("out"), "file:" + Path("out"), "file://" + Path("out"), Path("in/../out"),
                                 "file://" + Path("in/%2e%2e/out"), std::string("relative")}) {
    EXPECT_TRUE(IsRefused(env->Locate(uri, {}).status())) << uri;
  }
  EXPECT_EQ(env->Locate(Path("in"), {}).ValueOrDie().fs, env->Locate(Path("in/sub"), {}).ValueOrDie().fs);
  EXPECT_TRUE(IsRefused(LocatePrivate(env.get(), Path("out"), {}).status()));
}

TEST_F(AllowedRootsTest, TheServersKeysGoOnlyWhereTheServerSays) {
  Conf own;
  ASSERT_TRUE(own.Set("spark.hadoop.fs.s3a.access.key", "server").ok());
  ASSERT_TRUE(own.Set("spark.hadoop.fs.s3a.secret.key", "secret of the server").ok());
  ASSERT_TRUE(own.Set("spark.hadoop.fs.s3a.endpoint", "http://127.0.0.1:9").ok());
  ASSERT_TRUE(own.Set("spark.hadoop.fs.s3a.endpoint.region", "us-east-1").ok());
  const auto env = Held(own);
  const auto located = [&](const std::vector<std::pair<const char*, std::string>>& settings) {
    Conf conf = own;
    for (const auto& [key, value] : settings) EXPECT_TRUE(conf.Set(key, value).ok()) << key;
    return env->Locate("s3a://bucket/table", conf).status();
  };
  EXPECT_TRUE(located({}).ok()) << located({});
  const std::pair<const char*, std::string> elsewhere = {"spark.hadoop.fs.s3a.endpoint", "http://127.0.0.2:9"};
  for (const auto& redirect : {elsewhere,
                               {"spark.hadoop.fs.s3a.bucket.bucket.endpoint", "http://127.0.0.2:9"},
                               {"spark.hadoop.fs.s3a.connection.ssl.enabled", "false"}}) {
    EXPECT_TRUE(HasErrorClass(located({redirect}), "SLUICE_S3.CONFIGURATION")) << redirect.first;
  }
  EXPECT_TRUE(HasErrorClass(
      located({elsewhere, {"spark.hadoop.fs.s3a.aws.credentials.provider", "EnvironmentVariableCredentialsProvider"}}),
      "SLUICE_S3.CONFIGURATION"));
  EXPECT_TRUE(located({elsewhere,
                       {"spark.hadoop.fs.s3a.access.key", "session"},
                       {"spark.hadoop.fs.s3a.secret.key", "secret of the session"}})
                  .ok());
  EXPECT_TRUE(IsRefused(located({{"spark.sluice.s3.caBundle", Path("out/file")}})));
}

}  // namespace
}  // namespace sluice
