// SPDX-License-Identifier: Apache-2.0
#include "env/faulty_file_system.h"

#include <gtest/gtest.h>

#include "base/spark_error.h"

namespace sluice {
namespace {

class FaultyFileSystemTest : public ::testing::Test {
 protected:
  // Six calls that leave two files and remove one.
  Status Work() {
    SLUICE_RETURN_IF_ERROR(fs_->CreateAtomic("/w/log", "one").status());
    SLUICE_ASSIGN(auto file, fs_->OpenForWrite("/w/data"));
    SLUICE_RETURN_IF_ERROR(file->Write("abc", 3));
    SLUICE_RETURN_IF_ERROR(file->Publish().status());
    SLUICE_RETURN_IF_ERROR(fs_->Delete("/", {"/w/old"}));
    return fs_->List("/w", true).status();
  }
  void Begin() {
    base_ = MakeMemoryFileSystem();
    EXPECT_TRUE(base_->CreateAtomic("/w/old", "x").ok());
    fs_ = std::make_unique<FaultyFileSystem>(base_);
  }
  bool There(const std::string& path) { return base_->Stat(path).ok(); }

  std::shared_ptr<FileSystem> base_;
  std::unique_ptr<FaultyFileSystem> fs_;
};

TEST_F(FaultyFileSystemTest, CountsAndNamesCalls) {
  Begin();
  EXPECT_TRUE(Work().ok());
  EXPECT_EQ(fs_->calls(), 6);
  EXPECT_EQ(fs_->log(), (std::vector<std::string>{"CreateAtomic /w/log", "OpenForWrite /w/data", "Write /w/data",
                                                  "Publish /w/data", "Delete /w/old", "List /w"}));
  EXPECT_FALSE(fs_->fired());
  EXPECT_EQ(fs_->Uri("/w"), base_->Uri("/w"));
}

TEST_F(FaultyFileSystemTest, ASweepMeetsEveryCallOnce) {
  for (const FaultWay way : {FaultWay::kError, FaultWay::kLostReply, FaultWay::kCrashBefore, FaultWay::kCrashAfter}) {
    const bool done = way == FaultWay::kLostReply || way == FaultWay::kCrashAfter;
    const bool crash = way == FaultWay::kCrashBefore || way == FaultWay::kCrashAfter;
    int64_t k = 1;
    for (;; ++k) {
      Begin();
      int crashes = 0;
      fs_->FailAt(k, way, 1, [&] { ++crashes; });
      const Status status = Work();
      if (!fs_->fired()) {
        EXPECT_TRUE(status.ok());
        break;
      }
      EXPECT_FALSE(status.ok());
      EXPECT_EQ(IsRetryable(status), !crash);
      EXPECT_EQ(crashes, crash ? 1 : 0);
      EXPECT_EQ(fs_->calls(), k);
      // What the call before it did stays; the call itself is there if it was to be done.
      EXPECT_EQ(There("/w/log"), k > 1 || done) << k;
      EXPECT_EQ(There("/w/data"), k > 4 || (k == 4 && done)) << k;
      EXPECT_EQ(There("/w/old"), !(k > 5 || (k == 5 && done))) << k;
      EXPECT_EQ(fs_->Stat("/w/log").ok(), !crash && There("/w/log"));
    }
    EXPECT_EQ(k, 7);
  }
}

TEST_F(FaultyFileSystemTest, ADeadProcessStaysDeadUntilRevived) {
  Begin();
  fs_->FailAt(1, FaultWay::kCrashBefore);
  EXPECT_FALSE(Work().ok());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(HasErrorClass(Work(), "SLUICE_SIMULATED_CRASH"));
  EXPECT_EQ(fs_->calls(), 1);
  fs_->Revive();
  EXPECT_TRUE(Work().ok());
  EXPECT_EQ(fs_->calls(), 6);
}

TEST_F(FaultyFileSystemTest, AnOutageHasALength) {
  Begin();
  fs_->FailAt(2, FaultWay::kError, 3);
  std::vector<bool> results;
  for (int i = 0; i < 6; ++i) results.push_back(fs_->ReadFile("/w/old").ok());
  EXPECT_EQ(results, (std::vector<bool>{true, false, false, false, true, true}));
}

TEST_F(FaultyFileSystemTest, APendingFileIsPartOfTheCount) {
  Begin();
  auto file = fs_->OpenForWrite("/w/f").ValueOrDie();
  ASSERT_TRUE(file->Write("new", 3).ok());
  ASSERT_TRUE(base_->CreateAtomic("/w/f", "old").ok());
  fs_->FailAt(2, FaultWay::kLostReply);
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  EXPECT_FALSE(file->Replace().ok());
  EXPECT_EQ(base_->ReadFile("/w/f").ValueOrDie(), "new");
}

}  // namespace
}  // namespace sluice
