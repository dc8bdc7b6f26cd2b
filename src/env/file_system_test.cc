// SPDX-License-Identifier: Apache-2.0
// The contract of FileSystem, which every file system must pass.
#include "env/file_system.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/s3/s3_file_system.h"
#include "env/s3/s3_test_server.h"

namespace sluice {
namespace {

class FileSystemContract : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string(GetParam()) == "local") {
      root_ = testing::TempDir() + "fs_" + testing::UnitTest::GetInstance()->current_test_info()->name();
      std::replace(root_.begin() + 1, root_.end(), ' ', '_');
      std::filesystem::remove_all(root_);
      fs_ = MakeLocalFileSystem();
    } else if (std::string(GetParam()) == "s3") {
      const auto variables = TestS3Variables();
      if (!variables) GTEST_SKIP() << "SLUICE_TEST_S3_ENV is not set: no S3 server to test with";
      const std::string bucket = variables->at("S3_BUCKET");
      root_ = bucket + "/contract " + std::to_string(::getpid()) + "/" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
      fs_ = MakeS3FileSystem(S3ConfigFromConf({}, bucket, VariablesOf(*variables)).ValueOrDie()).ValueOrDie();
    } else {
      root_ = "/root folder";
      fs_ = MakeMemoryFileSystem();
    }
  }
  void TearDown() override {
    if (std::string(GetParam()) == "local") std::filesystem::remove_all(root_);
    if (std::string(GetParam()) == "s3" && fs_ != nullptr) {
      std::vector<std::string> paths;
      for (const FileInfo& info : fs_->List(root_, true).ValueOrDie()) paths.push_back(info.path);
      EXPECT_TRUE(fs_->Delete(root_, paths).ok());
    }
  }
  std::string Path(const std::string& name) const { return root_ + "/" + name; }
  Result<PublishOutcome> Write(const std::string& name, const std::string& content,
                               std::unique_ptr<PendingFile>* kept = nullptr) {
    SLUICE_ASSIGN(auto file, fs_->OpenForWrite(Path(name)));
    SLUICE_RETURN_IF_ERROR(file->Write(content.data(), static_cast<int64_t>(content.size())));
    SLUICE_ASSIGN(const PublishOutcome outcome, file->Publish());
    if (kept != nullptr) *kept = std::move(file);
    return outcome;
  }

  // A file beyond what ReadFile takes.
  std::string ReadLarge(const std::string& name) {
    const auto file = fs_->OpenForRead(Path(name)).ValueOrDie();
    return file->ReadAt(0, file->GetSize().ValueOrDie()).ValueOrDie()->ToString();
  }

  std::string root_;
  std::shared_ptr<FileSystem> fs_;
};

TEST_P(FileSystemContract, CreateAtomicWritesOnce) {
  EXPECT_EQ(fs_->CreateAtomic(Path("a/b/0"), "one").ValueOrDie(), CreateOutcome::kCreated);
  EXPECT_EQ(fs_->CreateAtomic(Path("a/b/0"), "two").ValueOrDie(), CreateOutcome::kExists);
  EXPECT_EQ(fs_->ReadFile(Path("a/b/0")).ValueOrDie(), "one");
  EXPECT_EQ(fs_->CreateAtomic(Path("empty"), "").ValueOrDie(), CreateOutcome::kCreated);
  EXPECT_EQ(fs_->ReadFile(Path("empty")).ValueOrDie(), "");
}

TEST_P(FileSystemContract, OneOfManyRacingWritersWins) {
  std::atomic<int> created{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const auto outcome = fs_->CreateAtomic(Path("race"), "writer " + std::to_string(i));
      if (outcome.ok() && *outcome == CreateOutcome::kCreated) ++created;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(created.load(), 1);
}

TEST_P(FileSystemContract, MissingFilesAreNotFound) {
  EXPECT_TRUE(IsNotFound(fs_->ReadFile(Path("none")).status()));
  EXPECT_TRUE(IsNotFound(fs_->Stat(Path("none")).status()));
  EXPECT_TRUE(IsNotFound(fs_->OpenForRead(Path("none")).status()));
  EXPECT_TRUE(fs_->List(Path("none"), true).ValueOrDie().empty());
  EXPECT_TRUE(fs_->Delete(root_, {Path("none")}).ok());
}

// SPARK-23966: no name ever holds a part of a file.
TEST_P(FileSystemContract, APendingFileIsInvisibleUntilPublished) {
  {
    auto file = fs_->OpenForWrite(Path("t/part")).ValueOrDie();
    ASSERT_TRUE(file->Write("abc", 3).ok());
    EXPECT_TRUE(IsNotFound(fs_->Stat(Path("t/part")).status()));
  }
  EXPECT_TRUE(fs_->List(Path("t"), true).ValueOrDie().empty()) << "an abandoned file leaves nothing";
  EXPECT_EQ(Write("t/part", std::string(1 << 20, 'x') + "end").ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(fs_->Stat(Path("t/part")).ValueOrDie().size, (1 << 20) + 3);
}

TEST_P(FileSystemContract, PublishTellsEqualFromOther) {
  ASSERT_EQ(Write("f", "same").ValueOrDie(), PublishOutcome::kPublished);
  EXPECT_EQ(Write("f", "same").ValueOrDie(), PublishOutcome::kExistsEqual);
  std::unique_ptr<PendingFile> other;
  EXPECT_EQ(Write("f", "other", &other).ValueOrDie(), PublishOutcome::kExistsOther);
  EXPECT_EQ(fs_->ReadFile(Path("f")).ValueOrDie(), "same");
  ASSERT_TRUE(other->Replace().ok());
  EXPECT_EQ(fs_->ReadFile(Path("f")).ValueOrDie(), "other");
}

TEST_P(FileSystemContract, ReplaceRefusesWhatItDidNotSee) {
  ASSERT_TRUE(Write("f", "first").ok());
  std::unique_ptr<PendingFile> late;
  ASSERT_EQ(Write("f", "late", &late).ValueOrDie(), PublishOutcome::kExistsOther);
  ASSERT_TRUE(fs_->Delete(root_, {Path("f")}).ok());
  ASSERT_TRUE(Write("f", "another writer").ok());
  EXPECT_FALSE(late->Replace().ok());
  EXPECT_EQ(fs_->ReadFile(Path("f")).ValueOrDie(), "another writer");
}

// Ranges below, at and above S3's least part, before, between and after bytes of one's own. (FLINK-39778 lost the
// tail.)
TEST_P(FileSystemContract, APendingFileTakesRangesOfOtherFiles) {
  std::string source(12 << 20, '\0');
  for (size_t i = 0; i < source.size(); ++i) source[i] = static_cast<char>((i * 2654435761U) >> 13);
  ASSERT_TRUE(Write("from/a +b", source).ok());
  const auto compose = [&](const std::vector<std::pair<int64_t, int64_t>>& ranges, std::string* expected) {
    auto file = fs_->OpenForWrite(Path("made")).ValueOrDie();
    for (const auto& [offset, length] : ranges) {
      EXPECT_TRUE(file->CopyFrom(Path("from/a +b"), offset, length).ok());
      EXPECT_TRUE(file->Write("|own|", 5).ok());
      *expected += source.substr(static_cast<size_t>(offset), static_cast<size_t>(length)) + "|own|";
    }
    return file;
  };
  const std::vector<std::vector<std::pair<int64_t, int64_t>>> cases = {
      {{0, 12 << 20}}, {{0, 10}, {3, 6 << 20}, {1 << 20, 11 << 20}}, {{7, 0}, {5, 100}}, {{0, 5 << 20}, {0, 5 << 20}}};
  for (const auto& ranges : cases) {
    std::string expected;
    ASSERT_EQ(compose(ranges, &expected)->Publish().ValueOrDie(), PublishOutcome::kPublished);
    EXPECT_TRUE(ReadLarge("made") == expected);
    EXPECT_EQ(compose(ranges, &expected)->Publish().ValueOrDie(), PublishOutcome::kExistsEqual);
    auto other = compose(ranges, &expected);
    ASSERT_TRUE(other->Write("!", 1).ok());
    EXPECT_EQ(other->Publish().ValueOrDie(), PublishOutcome::kExistsOther);
    ASSERT_TRUE(fs_->Delete(root_, {Path("made")}).ok());
  }
  auto file = fs_->OpenForWrite(Path("made")).ValueOrDie();
  EXPECT_FALSE(file->CopyFrom(Path("from/a +b"), 12 << 20, 1).ok()) << "beyond the end";
  EXPECT_TRUE(IsNotFound(fs_->OpenForWrite(Path("made")).ValueOrDie()->CopyFrom(Path("none"), 0, 1)));
}

TEST_P(FileSystemContract, ListGivesChildrenOrAllFiles) {
  for (const char* name : {"d/2", "d/1", "d/sub/x", "other"}) ASSERT_TRUE(fs_->CreateAtomic(Path(name), "1234").ok());
  const auto children = fs_->List(Path("d"), false).ValueOrDie();
  ASSERT_EQ(children.size(), 3u);
  EXPECT_EQ(children[0].path, Path("d/1"));
  EXPECT_EQ(children[0].size, 4);
  EXPECT_TRUE(children[2].is_folder);
  const auto all = fs_->List(Path("d"), true).ValueOrDie();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].path, Path("d/sub/x"));
  EXPECT_TRUE(fs_->Stat(Path("d")).ValueOrDie().is_folder);
}

TEST_P(FileSystemContract, ReadsAtAnyPlace) {
  ASSERT_TRUE(fs_->CreateAtomic(Path("r"), "0123456789").ok());
  const auto file = fs_->OpenForRead(Path("r")).ValueOrDie();
  EXPECT_EQ(file->GetSize().ValueOrDie(), 10);
  EXPECT_EQ(file->ReadAt(4, 3).ValueOrDie()->ToString(), "456");
}

INSTANTIATE_TEST_SUITE_P(All, FileSystemContract, testing::Values("local", "memory", "s3"));

TEST(LocalFileSystem, AStaleChecksumFileGoesWithTheRewrite) {
  const std::string root = testing::TempDir() + "crc_test";
  std::filesystem::create_directories(root);
  std::ofstream(root + "/.5.crc") << "stale";
  ASSERT_TRUE(MakeLocalFileSystem()->CreateAtomic(root + "/5", "new").ok());
  EXPECT_FALSE(std::filesystem::exists(root + "/.5.crc"));
  std::filesystem::remove_all(root);
}

TEST(LocalFileSystem, UrisAreEncoded) {
  EXPECT_EQ(MakeLocalFileSystem()->Uri("/a b/ü=1/x%"), "file:///a%20b/ü=1/x%25");
}

}  // namespace
}  // namespace sluice
