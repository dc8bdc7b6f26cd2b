// SPDX-License-Identifier: Apache-2.0
#include "env/deferred_file.h"

#include <gtest/gtest.h>

#include <string_view>

#include "env/faulty_file_system.h"

namespace sluice {
namespace {

class DeferredFileTest : public testing::Test {
 protected:
  std::unique_ptr<PendingFile> Deferred() { return MakeDeferredFile(fs_, "/t/f", 100); }
  static Status Write(PendingFile* file, std::string_view text) {
    return file->Write(text.data(), static_cast<int64_t>(text.size()));
  }
  const std::shared_ptr<FaultyFileSystem> fs_ = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
};

TEST_F(DeferredFileTest, ASmallFileIsOpenedByPublish) {
  const auto file = Deferred();
  ASSERT_TRUE(Write(file.get(), std::string(60, 'a')).ok());
  ASSERT_TRUE(Write(file.get(), std::string(40, 'b')).ok());
  EXPECT_EQ(fs_->calls(), 0);
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(*fs_->ReadFile("/t/f"), std::string(60, 'a') + std::string(40, 'b'));
}

TEST_F(DeferredFileTest, ALargerFileIsOpenedWhenItGrows) {
  const auto file = Deferred();
  ASSERT_TRUE(Write(file.get(), std::string(60, 'a')).ok());
  ASSERT_TRUE(Write(file.get(), std::string(41, 'b')).ok());
  EXPECT_EQ(fs_->log().front().substr(0, 12), "OpenForWrite");
  ASSERT_TRUE(Write(file.get(), "c").ok());
  EXPECT_TRUE(IsNotFound(fs_->Stat("/t/f").status()));
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(*fs_->ReadFile("/t/f"), std::string(60, 'a') + std::string(41, 'b') + "c");
}

TEST_F(DeferredFileTest, OtherContentIsSeenAndReplaced) {
  ASSERT_TRUE(fs_->CreateAtomic("/t/f", "other").ok());
  const auto file = Deferred();
  EXPECT_FALSE(file->Replace().ok());
  ASSERT_TRUE(Write(file.get(), "ours").ok());
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  EXPECT_EQ(*fs_->ReadFile("/t/f"), "other");
  ASSERT_TRUE(file->Replace().ok());
  EXPECT_EQ(*fs_->ReadFile("/t/f"), "ours");
}

TEST_F(DeferredFileTest, EachCallThatFailsIsReportedAndLeavesNothing) {
  for (int64_t at = 1; at <= 3; ++at) {  // OpenForWrite, Write, Publish
    fs_->FailAt(at, FaultWay::kError);
    const auto file = Deferred();
    const Status written = Write(file.get(), "ours");
    EXPECT_TRUE(written.ok());
    EXPECT_FALSE(file->Publish().ok());
    EXPECT_TRUE(fs_->fired());
    fs_->Revive();
    EXPECT_TRUE(IsNotFound(fs_->Stat("/t/f").status()));
  }
}

TEST_F(DeferredFileTest, OneThatIsNotPublishedLeavesNothing) {
  ASSERT_TRUE(Write(Deferred().get(), std::string(500, 'a')).ok());
  EXPECT_TRUE(fs_->List("/t", true)->empty());
}

}  // namespace
}  // namespace sluice
