// SPDX-License-Identifier: Apache-2.0
// What is made durable, and before what: the calls of this program to the system, in their order. Later steps of a
// batch sync the same folders again and would hide one that is left out.
#include <dlfcn.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <mutex>

#include "env/file_system.h"

namespace sluice {
namespace {

struct Event {
  std::string call;  // sync, link, rename, unlink, mkdir
  std::string path;  // of what is synced, or the new name
  bool done = false;
};

// Only what a test watches: other tests of this program run as ever.
class Watch {
 public:
  static void Begin(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    folder_ = folder;
    events_.clear();
  }
  static std::vector<Event> End() {
    const std::lock_guard lock(mutex_);
    folder_.clear();
    return std::move(events_);
  }
  static void Saw(const char* call, const std::string& path, bool done) {
    const std::lock_guard lock(mutex_);
    if (!folder_.empty() && path.starts_with(folder_)) events_.push_back({call, path, done});
  }

 private:
  inline static std::mutex mutex_;
  inline static std::string folder_;
  inline static std::vector<Event> events_;
};

std::string PathOf(int fd) {
  char path[4096];
  const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof(path));
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : "";
}

template <typename Call>
Call Real(const char* name) {
  return reinterpret_cast<Call>(::dlsym(RTLD_NEXT, name));
}

}  // namespace
}  // namespace sluice

// The linker takes these for the C library's.
extern "C" int fsync(int fd) {
  const int result = sluice::Real<int (*)(int)>("fsync")(fd);
  sluice::Watch::Saw("sync", sluice::PathOf(fd), result == 0);
  return result;
}
extern "C" int fdatasync(int fd) {
  const int result = sluice::Real<int (*)(int)>("fdatasync")(fd);
  sluice::Watch::Saw("sync", sluice::PathOf(fd), result == 0);
  return result;
}
extern "C" int link(const char* from, const char* to) noexcept {
  const int result = sluice::Real<int (*)(const char*, const char*)>("link")(from, to);
  const int error = errno;
  sluice::Watch::Saw("link", to, result == 0);
  errno = error;
  return result;
}
extern "C" int rename(const char* from, const char* to) noexcept {
  const int result = sluice::Real<int (*)(const char*, const char*)>("rename")(from, to);
  sluice::Watch::Saw("rename", to, result == 0);
  return result;
}
extern "C" int unlink(const char* path) noexcept {
  const int result = sluice::Real<int (*)(const char*)>("unlink")(path);
  const int error = errno;
  sluice::Watch::Saw("unlink", path, result == 0);
  errno = error;
  return result;
}
extern "C" int unlinkat(int folder, const char* name, int flags) noexcept {
  const int result = sluice::Real<int (*)(int, const char*, int)>("unlinkat")(folder, name, flags);
  const int error = errno;
  sluice::Watch::Saw("unlink", sluice::PathOf(folder) + "/" + name, result == 0);
  errno = error;
  return result;
}
extern "C" int mkdir(const char* path, mode_t mode) noexcept {
  const int result = sluice::Real<int (*)(const char*, mode_t)>("mkdir")(path, mode);
  const int error = errno;
  sluice::Watch::Saw("mkdir", path, result == 0);
  errno = error;
  return result;
}

namespace sluice {
namespace {

class Durability : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::canonical(testing::TempDir()).string() + "/durability-" + std::to_string(::getpid());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string At(const std::string& name) const { return root_ + "/" + name; }
  void Begin() { Watch::Begin(root_); }
  void End() { events_ = Watch::End(); }
  // The place of the first event after `after` that fits; -1: none.
  int Find(const std::string& call, const std::string& path, int after = -1) const {
    for (size_t i = static_cast<size_t>(after + 1); i < events_.size(); ++i) {
      const bool fits =
          path.ends_with("*") ? events_[i].path.starts_with(path.substr(0, path.size() - 1)) : events_[i].path == path;
      if (events_[i].call == call && fits) return static_cast<int>(i);
    }
    return -1;
  }
  std::string Log() const {
    std::string text;
    for (const Event& event : events_) text += event.call + " " + event.path + (event.done ? "\n" : " (failed)\n");
    return text;
  }
  // A new name: the bytes are on the disk before it, and it is when the call is over.
  void ExpectDurableName(const std::string& call, const std::string& path) {
    const int named = Find(call, path);
    ASSERT_GE(named, 0) << Log();
    const std::string folder = path.substr(0, path.rfind('/'));
    const int bytes = Find("sync", folder + "/.*");
    EXPECT_TRUE(bytes >= 0 && bytes < named) << "the bytes of " << path << "\n" << Log();
    EXPECT_GE(Find("sync", folder, named), 0) << "the name " << path << "\n" << Log();
  }

  std::string root_;
  std::shared_ptr<FileSystem> fs_ = MakeLocalFileSystem();
  std::vector<Event> events_;
};

TEST_F(Durability, ACreatedFile) {
  Begin();
  ASSERT_EQ(fs_->CreateAtomic(At("0"), "v1").ValueOrDie(), CreateOutcome::kCreated);
  End();
  ExpectDurableName("link", At("0"));
}

// Whoever made it may have been killed before it was durable.
TEST_F(Durability, AFileThatIsThereAlready) {
  ASSERT_TRUE(fs_->CreateAtomic(At("0"), "v1").ok());
  Begin();
  ASSERT_EQ(fs_->CreateAtomic(At("0"), "v1").ValueOrDie(), CreateOutcome::kExists);
  End();
  EXPECT_GE(Find("sync", root_, Find("link", At("0"))), 0) << Log();
  const auto file = fs_->OpenForWrite(At("0")).ValueOrDie();
  ASSERT_TRUE(file->Write("v1", 2).ok());
  Begin();
  ASSERT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsEqual);
  End();
  EXPECT_GE(Find("sync", root_, Find("link", At("0"))), 0) << Log();
}

TEST_F(Durability, APublishedFile) {
  const std::string bytes(1 << 20, 'x');
  const auto file = fs_->OpenForWrite(At("part")).ValueOrDie();
  ASSERT_TRUE(file->Write(bytes.data(), static_cast<int64_t>(bytes.size())).ok());
  ASSERT_TRUE(file->Write("end", 3).ok());
  Begin();
  ASSERT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
  End();
  ExpectDurableName("link", At("part"));
}

TEST_F(Durability, AReplacedFile) {
  ASSERT_TRUE(fs_->CreateAtomic(At("part"), "before").ok());
  const auto file = fs_->OpenForWrite(At("part")).ValueOrDie();
  ASSERT_TRUE(file->Write("after", 5).ok());
  Begin();
  ASSERT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  ASSERT_TRUE(file->Replace().ok());
  End();
  ExpectDurableName("rename", At("part"));
  EXPECT_EQ(fs_->ReadFile(At("part")).ValueOrDie(), "after");
}

TEST_F(Durability, NewFolders) {
  Begin();
  ASSERT_TRUE(fs_->CreateAtomic(At("a/b/0"), "v1").ok());
  End();
  ExpectDurableName("link", At("a/b/0"));
  EXPECT_GE(Find("sync", root_, Find("mkdir", At("a"))), 0) << Log();
  EXPECT_GE(Find("sync", At("a"), Find("mkdir", At("a/b"))), 0) << Log();
}

// A folder that a killed process made and did not sync; once is enough.
TEST_F(Durability, AFolderThatIsThereAlready) {
  std::filesystem::create_directories(At("a"));
  Begin();
  ASSERT_TRUE(fs_->CreateAtomic(At("a/0"), "v1").ok());
  End();
  EXPECT_GE(Find("sync", root_), 0) << Log();
  Begin();
  ASSERT_TRUE(fs_->CreateAtomic(At("a/1"), "v1").ok());
  End();
  EXPECT_EQ(Find("sync", root_), -1) << Log();
}

TEST_F(Durability, DeletedFilesOfEachFolder) {
  ASSERT_TRUE(fs_->CreateAtomic(At("a/0"), "x").ok());
  ASSERT_TRUE(fs_->CreateAtomic(At("b/0"), "x").ok());
  Begin();
  ASSERT_TRUE(fs_->Delete(root_, {At("a/0"), At("b/0")}).ok());
  End();
  for (const char* folder : {"a", "b"}) {
    const int gone = Find("unlink", At(folder + std::string("/0")));
    ASSERT_GE(gone, 0) << Log();
    EXPECT_GE(Find("sync", At(folder), gone), 0) << Log();
  }
}

TEST_F(Durability, WhatAListingShows) {
  Begin();
  ASSERT_TRUE(fs_->MakeDurable(root_).ok());
  End();
  EXPECT_GE(Find("sync", root_), 0) << Log();
}

// A large copy is synced when it is made, and the rest before the name.
TEST_F(Durability, ACopiedFile) {
  ASSERT_TRUE(fs_->CreateAtomic(At("from"), std::string(2 << 20, 'x')).ok());
  const auto file = fs_->OpenForWrite(At("to")).ValueOrDie();
  Begin();
  ASSERT_TRUE(file->CopyFrom(At("from"), 0, 2 << 20).ok());
  End();
  EXPECT_GE(Find("sync", At(".to*")), 0) << Log();
  ASSERT_TRUE(file->Write("tail", 4).ok());
  Begin();
  ASSERT_TRUE(file->Publish().ok());
  End();
  ExpectDurableName("link", At("to"));
}

}  // namespace
}  // namespace sluice
