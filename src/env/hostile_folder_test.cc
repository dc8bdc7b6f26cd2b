// SPDX-License-Identifier: Apache-2.0
// Links, special files and modes on the local disk.
#include <arrow/io/interfaces.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/env.h"
#include "env/file_system.h"
#include "env/posix_file.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class HostileFolder : public testing::Test {
 protected:
  void SetUp() override {
    top_ = testing::TempDir() + "hostile_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(top_);
    fs::create_directories(top_ + "/table/p=1");
    fs::create_directories(top_ + "/victim/deep");
    for (const char* name : {"/table/a", "/table/p=1/b", "/victim/v", "/victim/deep/w"}) Put(name);
  }
  void TearDown() override { fs::remove_all(top_); }

  void Put(const std::string& name, const std::string& content = "x") {
    std::ofstream(top_ + name, std::ios::binary) << content;
  }
  void Link(const std::string& to, const std::string& name) { fs::create_symlink(to, top_ + name); }
  bool Has(const std::string& name) const { return fs::exists(fs::symlink_status(top_ + name)); }
  std::vector<std::string> Listed(const std::string& folder, bool recursive = true) {
    std::vector<std::string> names;
    for (const FileInfo& file : local_->List(top_ + folder, recursive).ValueOrDie()) {
      names.push_back(file.path.substr(top_.size()) + (file.is_link ? " (link)" : file.is_folder ? " (folder)" : ""));
    }
    return names;
  }

  std::string top_;
  std::shared_ptr<FileSystem> local_ = MakeLocalFileSystem();
};

TEST_F(HostileFolder, AListingNeverDescendsALink) {
  Link(top_ + "/victim", "/table/out");
  Link(".", "/table/self");
  Link("..", "/table/p=1/up");
  Link(top_ + "/victim/v", "/table/file");
  Link("nowhere", "/table/dangling");
  Link("round", "/table/round");
  EXPECT_THAT(Listed("/table"), testing::ElementsAre("/table/a", "/table/file", "/table/out (link)", "/table/p=1/b",
                                                     "/table/p=1/up (link)", "/table/self (link)"));
  EXPECT_THAT(Listed("/table", false), testing::ElementsAre("/table/a", "/table/file", "/table/out (link)",
                                                            "/table/p=1 (folder)", "/table/self (link)"));
}

TEST_F(HostileFolder, TheFolderItselfMayBeALink) {
  Link(top_ + "/table", "/other");
  EXPECT_THAT(Listed("/other"), testing::ElementsAre("/other/a", "/other/p=1/b"));
  ASSERT_TRUE(local_->Delete(top_ + "/other", {top_ + "/other/p=1/b"}).ok());
  EXPECT_FALSE(Has("/table/p=1/b"));
}

TEST_F(HostileFolder, FoldersBeyondAnyTableAreRefusedByName) {
  std::string deep = top_ + "/table";
  for (int i = 0; i < 300; ++i) deep += "/d";
  fs::create_directories(deep);
  EXPECT_THAT(local_->List(top_ + "/table", true).status().message(), HasSubstr("folders deep"));
}

TEST_F(HostileFolder, NothingBehindALinkIsDeleted) {
  Link(top_ + "/victim", "/table/out");
  const Status status = local_->Delete(top_ + "/table", {top_ + "/table/out/v"});
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_LINK")) << status;
  EXPECT_THAT(status.message(), HasSubstr("/table/out"));
  EXPECT_FALSE(local_->Delete(top_ + "/table", {top_ + "/table/out/deep/w"}).ok());
  EXPECT_TRUE(Has("/victim/v"));
  EXPECT_TRUE(Has("/victim/deep/w"));
  // The link itself may go.
  Link(top_ + "/victim/v", "/table/file");
  ASSERT_TRUE(local_->Delete(top_ + "/table", {top_ + "/table/file", top_ + "/table/out"}).ok());
  EXPECT_FALSE(Has("/table/file"));
  EXPECT_FALSE(Has("/table/out"));
  EXPECT_TRUE(Has("/victim/v"));
}

TEST_F(HostileFolder, NothingOutsideOfTheRootIsDeleted) {
  const std::string root = top_ + "/table";
  for (const std::string& path :
       {top_ + "/victim/v", root + "/../victim/v", root + "/p=1/../../victim/v", root + "/./a", root + "//a", root,
        root + "x", std::string("a"), std::string(""), root + "/a/", root + std::string("/a\0", 3)}) {
    // The first of the two is fine and stays, since all are looked at before.
    EXPECT_TRUE(HasErrorClass(local_->Delete(root, {root + "/a", path}), "SLUICE_OUTSIDE")) << path;
    EXPECT_TRUE(HasErrorClass(MakeMemoryFileSystem()->Delete(root, {path}), "SLUICE_OUTSIDE")) << path;
  }
  EXPECT_TRUE(Has("/table/a"));
  EXPECT_TRUE(Has("/victim/v"));
  EXPECT_TRUE(local_->Delete(root, {root + "/a/x", root + "/none/x", root + "/none"}).ok()) << "missing files";
  EXPECT_TRUE(local_->Delete("/", {root + "/a"}).ok());
  EXPECT_FALSE(Has("/table/a"));
}

TEST_F(HostileFolder, WhatIsNoPlainFileIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((top_ + "/fifo").c_str(), 0600), 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const fs::path before = fs::current_path();
  fs::current_path(top_);  // the path of a socket has 107 bytes at most
  std::strcpy(address.sun_path, "socket");
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  fs::current_path(before);
  Link(top_ + "/fifo", "/to_fifo");
  const std::pair<std::string, const char*> cases[] = {{top_ + "/fifo", "FIFO"},     {top_ + "/to_fifo", "FIFO"},
                                                       {top_ + "/socket", "socket"}, {"/dev/zero", "device"},
                                                       {"/dev/tty", "device"},       {top_ + "/table", "folder"}};
  for (const auto& [path, kind] : cases) {
    auto pending = local_->OpenForWrite(top_ + "/copy").ValueOrDie();
    for (const Status& status : {local_->ReadFile(path).status(), local_->OpenForRead(path).status(),
                                 pending->CopyFrom(path, 0, 10), ReadPlainFile(path, 10).status()}) {
      EXPECT_TRUE(HasErrorClass(status, "SLUICE_FILE_KIND")) << path << ": " << status;
      EXPECT_THAT(status.message(), HasSubstr(kind));
    }
  }
  ::close(fd);
}

TEST_F(HostileFolder, AFileTooLargeIsRefusedBeforeItIsRead) {
  Put("/sparse");
  ASSERT_EQ(::truncate((top_ + "/sparse").c_str(), off_t{1} << 40), 0);
  const Status status = local_->ReadFile(top_ + "/sparse").status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_FILE_SIZE")) << status;
  EXPECT_THAT(status.message(), HasSubstr("1099511627776"));
  ASSERT_EQ(::truncate((top_ + "/sparse").c_str(), kSmallFileBytes), 0);
  EXPECT_EQ(static_cast<int64_t>(local_->ReadFile(top_ + "/sparse").ValueOrDie().size()), kSmallFileBytes);
}

class PrivateModes : public HostileFolder, public testing::WithParamInterface<mode_t> {
 protected:
  mode_t ModeOf(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(::stat((top_ + name).c_str(), &info), 0) << name;
    return info.st_mode & 07777;
  }
};

TEST_P(PrivateModes, HoldWhateverTheUmask) {
  const auto env = MakeRealEnv();
  Conf conf;
  ASSERT_TRUE(conf.Set("spark.sluice.privateFiles", "true").ok());
  const Location place = LocatePrivate(env.get(), top_, conf).ValueOrDie();
  const mode_t before = ::umask(GetParam());
  ASSERT_TRUE(place.fs->CreateAtomic(top_ + "/ck/offsets/0", "x").ok());
  auto file = place.fs->OpenForWrite(top_ + "/bad/batch=0/part").ValueOrDie();
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
  ASSERT_TRUE(local_->CreateAtomic(top_ + "/table/plain", "x").ok());
  ::umask(before);
  for (const char* name : {"/ck/offsets/0", "/bad/batch=0/part"}) EXPECT_EQ(ModeOf(name), 0600) << name;
  for (const char* name : {"/ck", "/ck/offsets", "/bad", "/bad/batch=0"}) EXPECT_EQ(ModeOf(name), 0700) << name;
  EXPECT_EQ(ModeOf("/table/plain"), 0666 & ~GetParam()) << "without the setting the umask decides";
}

INSTANTIATE_TEST_SUITE_P(Umasks, PrivateModes, testing::Values(0000, 0022, 0077, 0277));

}  // namespace
}  // namespace sluice
