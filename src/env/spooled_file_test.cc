// SPDX-License-Identifier: Apache-2.0
#include "env/spooled_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr int64_t kMemory = 100;

class SpooledFileTest : public testing::Test {
 protected:
  std::unique_ptr<PendingFile> Spooled() const { return MakeSpooledFile(fs_, "/t/f", kMemory); }
  static std::string Written(PendingFile* file, size_t bytes, size_t piece) {
    std::string content;
    for (size_t i = 0; i < bytes; ++i) content += static_cast<char>('a' + i * i % 26);
    for (size_t at = 0; at < bytes; at += piece) {
      const std::string_view part = std::string_view(content).substr(at, piece);
      EXPECT_TRUE(file->Write(part.data(), static_cast<int64_t>(part.size())).ok());
    }
    return content;
  }
  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
};

TEST_F(SpooledFileTest, WhatIsKeptAndWhatOverflowsAppearInOrder) {
  // Nothing; all in memory; just full; the last piece too much; several overflows and a rest; more than one read back.
  for (const size_t bytes : {0, 60, 100, 101, 777, 3'000'001}) {
    const auto file = Spooled();
    const std::string content = Written(file.get(), bytes, bytes > 1000 ? 70'000 : 20);
    EXPECT_TRUE(IsNotFound(fs_->Stat("/t/f").status())) << "seen before it was published";
    EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kPublished);
    EXPECT_EQ(fs_->ReadFile("/t/f").ValueOrDie(), content) << bytes;
    EXPECT_TRUE(fs_->Delete("/", {"/t/f"}).ok());
  }
}

TEST_F(SpooledFileTest, AnotherContentUnderTheNameIsSeenAndReplaced) {
  ASSERT_TRUE(fs_->CreateAtomic("/t/f", "of a former attempt").ok());
  const auto file = Spooled();
  const std::string content = Written(file.get(), 500, 30);
  EXPECT_EQ(file->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
  EXPECT_EQ(fs_->ReadFile("/t/f").ValueOrDie(), "of a former attempt");
  EXPECT_TRUE(file->Replace().ok());
  EXPECT_EQ(fs_->ReadFile("/t/f").ValueOrDie(), content);
  const auto again = Spooled();
  Written(again.get(), 500, 30);
  EXPECT_EQ(again->Publish().ValueOrDie(), PublishOutcome::kExistsEqual);
}

TEST_F(SpooledFileTest, TheOverflowHasNoNameAndNeedsItsFolder) {
  const std::string folder = testing::TempDir() + "spooled";
  std::filesystem::create_directories(folder);
  ASSERT_EQ(::setenv("TMPDIR", folder.c_str(), 1), 0);
  const auto file = Spooled();
  Written(file.get(), 500, 30);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove(folder);
  const auto homeless = Spooled();
  EXPECT_TRUE(homeless->Write("x", 1).ok());
  const std::string much(kMemory, 'x');
  const Status status = homeless->Write(much.data(), kMemory);
  ::unsetenv("TMPDIR");
  EXPECT_NE(status.ToString().find(folder), std::string::npos) << status;
}

}  // namespace
}  // namespace sluice
