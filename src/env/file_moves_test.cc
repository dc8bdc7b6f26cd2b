// SPDX-License-Identifier: Apache-2.0
#include "env/file_moves.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace sluice {
namespace {

class FileMoves : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) std::filesystem::remove_all(root_);
  }
  void Write(const std::string& name, const std::string& content) {
    ASSERT_EQ(fs_->CreateAtomic(Path(name), content).ValueOrDie(), CreateOutcome::kCreated);
  }
  std::string Path(const std::string& name) const { return root_ + "/" + name; }

  const std::string root_ = GetParam() ? testing::TempDir() + "file_moves" : "/root";
  const std::shared_ptr<FileSystem> fs_ = GetParam() ? MakeLocalFileSystem() : MakeMemoryFileSystem();
};

TEST_P(FileMoves, ToAFreeName) {
  Write("_temporary/1/k=1/a", "content");
  Write("_temporary/1/empty", "");
  Write("other", "other");
  ASSERT_TRUE(MoveFile(fs_.get(), Path("_temporary/1/k=1/a"), Path("k=1/a")).ok());
  ASSERT_TRUE(MoveFile(fs_.get(), Path("_temporary/1/empty"), Path("empty")).ok());
  EXPECT_EQ(fs_->ReadFile(Path("k=1/a")).ValueOrDie(), "content");
  EXPECT_EQ(fs_->ReadFile(Path("empty")).ValueOrDie(), "");
  EXPECT_TRUE(IsNotFound(fs_->Stat(Path("_temporary/1/k=1/a")).status()));
  EXPECT_FALSE(MoveFile(fs_.get(), Path("other"), Path("k=1/a")).ok());
  EXPECT_EQ(fs_->ReadFile(Path("k=1/a")).ValueOrDie(), "content");
}

TEST_P(FileMoves, FoldersGoWhenNothingIsInThem) {
  Write("_temporary/2", "x");
  Write("k=1/a", "x");
  if (GetParam()) std::filesystem::create_directories(Path("_temporary/1/k=1"));
  const std::vector<std::string> files = {Path("_temporary/1/k=1/a"), Path("_temporary/1/b"), Path("k=1/c")};
  ASSERT_TRUE(DropEmptyFolders(fs_.get(), root_, files).ok());
  EXPECT_TRUE(fs_->Stat(Path("_temporary/2")).ok());
  EXPECT_TRUE(fs_->Stat(Path("k=1/a")).ok());
  EXPECT_FALSE(GetParam() && std::filesystem::exists(Path("_temporary/1")));
  EXPECT_FALSE(DropEmptyFolders(fs_.get(), root_, {"/elsewhere/a"}).ok());
}

INSTANTIATE_TEST_SUITE_P(On, FileMoves, testing::Bool(),
                         [](const auto& info) { return info.param ? "Local" : "Memory"; });

}  // namespace
}  // namespace sluice
